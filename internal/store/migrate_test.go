package store

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

func migrationFiles(t testing.TB) []string {
	t.Helper()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

func TestMigrationsAreNumberedWithoutAGap(t *testing.T) {
	t.Parallel()
	for i, name := range migrationFiles(t) {
		base := filepath.Base(name)
		if !regexp.MustCompile(`^\d{4}_[a-z0-9_]+\.sql$`).MatchString(base) {
			t.Errorf("%s is not named NNNN_what.sql", base)
			continue
		}
		if n, err := strconv.Atoi(base[:4]); err != nil || n != i+1 {
			t.Errorf("%s is migration %d", base, i+1)
		}
	}
}

func TestMigrationsReplayFromTheFirstAndAreAppliedOnce(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		first := open(t, url)
		if v := got(first.Read(t.Context()).SchemaVersion())(t); v != len(migrationFiles(t)) {
			t.Errorf("an empty database came to version %d", v)
		}
		write(t, first, note(1))
		again := open(t, url) // as the next start does
		if n := count(t, again, `SELECT count(*) FROM schema_migrations`); n != len(migrationFiles(t)) {
			t.Errorf("%d migrations are noted", n)
		}
		if n := count(t, again, `SELECT count(*) FROM audit`); n != 1 {
			t.Error("opening again lost what was on file")
		}
	})
}

// shape is every column, index and constraint of a database, sorted.
func shape(t testing.TB, s *Store) []string {
	t.Helper()
	queries := []string{
		`SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '-') || ' ' || c.pk
		   FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
		`SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`,
		`SELECT m.name || ' refers by ' || f."from" || ' to ' || f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
	}
	if s.Engine() == "postgres" {
		queries = []string{
			`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-')
			   FROM information_schema.columns WHERE table_schema = 'public'`,
			`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'`,
			`SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
		}
	}
	var all []string
	for _, query := range queries {
		all = append(all, columns(t, s, query)...)
	}
	slices.Sort(all)
	return all
}

func TestANewDatabaseIsWhatTheMigrationsMake(t *testing.T) {
	t.Parallel()
	for engine, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(t.TempDir(), "x.db") },
		"postgres": func() string { return testserver.Postgres(t) },
	} {
		replayed, err := Open(t.Context(), Options{URL: url(), Box: box(t), Replay: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = replayed.Close() }) // nothing was written
		want, got := shape(t, replayed), shape(t, open(t, url()))
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s: schema.sql lacks what the migrations make: %s", engine, line)
			}
		}
		for _, line := range got {
			if !slices.Contains(want, line) {
				t.Errorf("%s: schema.sql has what no migration makes: %s", engine, line)
			}
		}
		if len(want) < 100 {
			t.Errorf("%s: only %d columns, indexes and constraints were found", engine, len(want))
		}
	}
}

func TestLettersFromBeforeTheSecondDoorAreKept(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s, err := Open(t.Context(), Options{URL: url, Box: box(t), Replay: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() }) // the last write was asked for its error
		sealed, err := s.box.Seal(rawPurpose+"l1", []byte("raw"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, func(tx *Tx) error {
			for _, statement := range []string{
				`DROP TABLE letter_refs`, `DROP TABLE deliveries`, `DROP TABLE letter_bytes`, `DROP TABLE letters`,
				`CREATE TABLE letters (id TEXT PRIMARY KEY, raw_hash TEXT NOT NULL UNIQUE, raw_sealed BYTEA NOT NULL, size BIGINT NOT NULL,
				  message_id TEXT NOT NULL DEFAULT '', submission_id TEXT, state TEXT NOT NULL DEFAULT 'received', reason TEXT NOT NULL DEFAULT '', received_at BIGINT NOT NULL)`,
			} {
				if _, err := tx.exec(statement); err != nil {
					return err
				}
			}
			if _, err := tx.exec(`INSERT INTO letters (id, raw_hash, raw_sealed, size, message_id, received_at) VALUES ('l1', 'hash', $1, 3, 'm1@example.org', 7)`, sealed); err != nil {
				return err
			}
			rebuild, _, _ := strings.Cut(migrationText(t, "0002_second_door.sql"), "CREATE INDEX letters_by_batch")
			later := "ALTER TABLE letters ADD COLUMN snoozed_until BIGINT NOT NULL DEFAULT 0"
			return errors.Join(tx.run(rebuild), tx.run(migrationText(t, "0004_letters_in_two.sql")), tx.run(later))
		})
		l := got(s.Read(t.Context()).Letter("l1"))(t)
		if l.MessageID != "m1@example.org" || l.Size != 3 || l.State != "received" {
			t.Errorf("the letter is %+v", l)
		}
		if raw := got(s.Read(t.Context()).LetterRaw("l1"))(t); string(raw) != "raw" {
			t.Errorf("its bytes are %q", raw)
		}
	})
}

func TestCopiesFromBeforeTheirLedgerMoveOverAndAreFoundByTheirIds(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s, err := Open(t.Context(), Options{URL: url, Box: box(t), Replay: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() }) // the last write was asked for its error
		c, _ := addCampaign(t, s, "k")
		moveOver := migrationText(t, "0031_copies.sql") // before the writer is kept busy: it must not end with a test
		write(t, s, func(tx *Tx) error {
			undo := "DROP TABLE copies;\nDROP TABLE campaign_parts;\nDROP INDEX subscriptions_on_list;\n" +
				"CREATE INDEX messages_by_campaign ON messages (campaign_id, chunk, state) WHERE campaign_id <> '';\n"
			if err := tx.run(undo); err != nil {
				return err
			}
			for i, state := range messageStates {
				id := NewMessageID()
				m := postroom.Message{ID: id, Key: "campaign:" + c.ID + ":sub-" + string(state), MessageID: id + "@example.org", To: string(state) + "@example.org", Template: "newsletter",
					Locale: "en", Class: postroom.Marketing, Lane: postroom.Bulk, Campaign: c.ID, Chunk: 1 + i/4, CreatedAt: monday}
				if _, err := tx.AddMessage(m); err != nil {
					return err
				}
				if _, err := tx.exec(`UPDATE messages SET state = $2, sending_at = 7 WHERE id = $1`, id, state); err != nil {
					return err
				}
			}
			other := postroom.Message{ID: "m", Key: "alone", MessageID: "m@example.org", To: "a@example.org", Template: "welcome", Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: monday}
			if _, err := tx.AddMessage(other); err != nil {
				return err
			}
			return tx.run(moveOver)
		})
		if n := count(t, s, `SELECT count(*) FROM messages`); n != 1 {
			t.Errorf("%d messages are left, want the one that is no copy", n)
		}
		if n := count(t, s, `SELECT count(*) FROM copies`); n != len(messageStates) {
			t.Errorf("%d copies moved over, want %d", n, len(messageStates))
		}
		for _, state := range messageStates {
			want := state
			if state == postroom.Sending {
				want = postroom.Uncertain
			}
			found := got(s.Read(t.Context()).copies(`SELECT `+copyColumns+fromCopies+`WHERE copies.address = $1`, string(state)+"@example.org"))(t)
			m := got(s.Read(t.Context()).Message(found[0].ID))(t)
			if m.State != want || m.MessageID != m.ID+"@example.org" || m.Campaign != c.ID || m.About != "sub-"+string(state) {
				t.Errorf("the %s copy: %+v", state, m)
			}
		}
		sum := 0
		for _, n := range got(s.Read(t.Context()).CopyCounts(c.ID))(t) {
			sum += n.N
		}
		if sum != len(messageStates) {
			t.Errorf("%d copies are accounted for", sum)
		}
	})
}

func migrationText(t *testing.T, name string) string {
	t.Helper()
	return string(got(migrations.ReadFile("migrations/" + name))(t))
}

func TestProcessesStartingTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		noErrors(t, together(6, func(int) error {
			s, err := Open(t.Context(), Options{URL: url, Box: box(t)})
			if err != nil {
				return err
			}
			return s.Close()
		}))
		if n := count(t, open(t, url), `SELECT count(*) FROM schema_migrations`); n != len(migrationFiles(t)) {
			t.Errorf("%d migrations are noted", n)
		}
	})
}

// columns lists table.column of everything in a store's schema.
func columns(t testing.TB, s *Store, query string) (list []string) {
	t.Helper()
	r := s.Read(t.Context())
	rows, err := r.q.QueryContext(r.ctx, query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			t.Fatal(err)
		}
		list = append(list, column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func TestBothEnginesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	lite := columns(t, open(t, filepath.Join(t.TempDir(), "x.db")),
		`SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'finds_index%'`)
	post := columns(t, open(t, testserver.Postgres(t)),
		`SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`)
	if !slices.Equal(lite, post) || len(lite) < 100 {
		t.Errorf("SQLite has %d columns, PostgreSQL %d:\n%v\n%v", len(lite), len(post), lite, post)
	}
}

// constants returns the values of every string type of internal/postroom.
func constants(t testing.TB) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../postroom/*.go")
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string][]string)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			typ, named := spec.Type.(*ast.Ident)
			value, literal := spec.Values[0].(*ast.BasicLit)
			if named && literal && value.Kind == token.STRING {
				values[typ.Name] = append(values[typ.Name], strings.Trim(value.Value, `"`))
			}
			return true
		})
	}
	return values
}

// checks returns what the schema allows in a column: "table.column" to values.
func checks(t testing.TB) map[string][]string {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	found := make(map[string][]string)
	in := regexp.MustCompile(`CHECK \((\w+) IN\s*\(([^)]*)\)\)`)
	for _, table := range columns(t, s, `SELECT name || ' ' || sql FROM sqlite_master WHERE type = 'table'`) {
		name, text, _ := strings.Cut(table, " ")
		for _, match := range in.FindAllStringSubmatch(text, -1) {
			for value := range strings.SplitSeq(match[2], ",") {
				found[name+"."+match[1]] = append(found[name+"."+match[1]], strings.Trim(value, "' \n\t"))
			}
		}
	}
	return found
}

func TestTheSchemaAllowsExactlyTheStatesOfTheCode(t *testing.T) {
	t.Parallel()
	words, schema := constants(t), checks(t)
	own := map[string]bool{"addresses.state": true, "suppressions.scope": true, "calls.state": true, "digests.outcome": true,
		"notes.kind": true, "items.kind": true, "alarms.kind": true, "finds.kind": true, // some of the matters
		"copies.state":  true, // none is being sent: the part is
		"imports.state": true, "drafts.state": true, "guardians.state": true, "moves.state": true}
	types := map[string]string{
		"contacts.reach": "Reach", "submissions.channel": "Channel", "submissions.state": "SubmissionState",
		"subscriptions.state": "SubscriptionState", "subscriptions.basis": "Basis", "subscriptions.often": "Often", "subscriptions.look": "Look", "bookings.state": "BookingState", "letters.state": "LetterState", "steps.state": "StepState",
		"messages.class": "Class", "messages.lane": "Lane", "messages.state": "MessageState",
		"jobs.lane": "Lane", "jobs.state": "JobState", "campaigns.state": "CampaignState",
		"deliveries.folder": "Folder", "letters.folder": "Folder", "cursors.folder": "Folder",
		"rules.by_what": "RuleBy", "rules.says": "RuleSays", "grants.role": "Role", "deeds.kind": "Matter", "wordings.kind": "WordingKind",
	}
	for column, allowed := range schema {
		typ := types[column]
		if typ == "" && !own[column] {
			t.Errorf("%s is checked; say here which type of internal/postroom it holds", column)
		}
		want := slices.Sorted(slices.Values(words[typ]))
		if slices.Sort(allowed); typ != "" && !slices.Equal(allowed, want) {
			t.Errorf("%s allows %q, and %s has %q", column, allowed, typ, want)
		}
	}
	for column, typ := range types {
		if len(schema[column]) == 0 || len(words[typ]) == 0 {
			t.Errorf("%s has no check, or %s no values", column, typ)
		}
	}
}
