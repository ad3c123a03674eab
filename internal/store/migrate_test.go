package store

import (
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
		`SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
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
	own := map[string]bool{"addresses.state": true, "suppressions.scope": true, "calls.state": true, "digests.outcome": true}
	types := map[string]string{
		"contacts.reach": "Reach", "submissions.channel": "Channel", "submissions.state": "SubmissionState",
		"subscriptions.state": "SubscriptionState", "bookings.state": "BookingState", "letters.state": "LetterState", "steps.state": "StepState",
		"messages.class": "Class", "messages.lane": "Lane", "messages.state": "MessageState",
		"jobs.lane": "Lane", "jobs.state": "JobState", "campaigns.state": "CampaignState",
		"deliveries.folder": "Folder", "cursors.folder": "Folder",
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
