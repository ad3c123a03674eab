package house_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose loads docker-compose.yml as `docker compose` does, with the profiles
// of its --profile flags.
func compose(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{root + "/docker-compose.yml"},
		cli.WithWorkingDirectory(root),
		cli.WithEnv([]string{"POSTROOM_DB_PASSWORD=secret"}),
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithDefaultProfiles(profiles...),
	)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func names(p *types.Project) []string { return slices.Sorted(maps.Keys(p.Services)) }

func TestComposeAloneIsOnePostroomWithAVolume(t *testing.T) {
	t.Parallel()
	project := compose(t)
	if got := names(project); !slices.Equal(got, []string{"postroom"}) {
		t.Fatalf("`docker compose up` starts %q; somebody who tries postroom needs one service and nothing to configure", got)
	}
	alone := project.Services["postroom"]
	if !slices.ContainsFunc(alone.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Type == "volume" && v.Target == "/data" }) {
		t.Error("the lone postroom has no volume at /data; its database would go with the container")
	}
	for name, value := range alone.Environment {
		if name == "POSTROOM_DATABASE" || name == "POSTROOM_REDIS" {
			t.Errorf("the lone postroom is told %s=%s; it has SQLite and its own queue", name, *value)
		}
	}
}

func TestComposeScaleRunsEachRoleAndNotTheLonePostroom(t *testing.T) {
	t.Parallel()
	project := compose(t, "scale")
	want := []string{"mailbox", "migrate", "postgres", "redis", "scheduler", "web", "worker"}
	if got := names(project); !slices.Equal(got, want) {
		t.Fatalf("`docker compose --profile scale up` starts %q, want %q. A lone postroom beside the roles would answer mail from a second database", got, want)
	}
	for _, role := range []string{"mailbox", "scheduler", "web", "worker"} {
		service := project.Services[role]
		if got := service.Command; !slices.Equal(got[len(got)-2:], []string{"--roles", role}) {
			t.Errorf("service %s runs %q; it must take only its own role", role, got)
		}
		for _, server := range []string{"redis", "postgres"} {
			if service.DependsOn[server].Condition != types.ServiceConditionHealthy {
				t.Errorf("service %s does not wait until %s is healthy", role, server)
			}
		}
		if service.DependsOn["migrate"].Condition != types.ServiceConditionCompletedSuccessfully {
			t.Errorf("service %s does not wait for the migrations; roles that start together would race for them", role)
		}
	}
}

func TestComposeWorkersCanBeMany(t *testing.T) {
	t.Parallel()
	worker := compose(t, "scale").Services["worker"]
	if worker.ContainerName != "" || len(worker.Ports) != 0 {
		t.Errorf("worker has the container name %q and %d ports; with either, --scale worker=2 cannot start the second", worker.ContainerName, len(worker.Ports))
	}
	for _, v := range worker.Volumes {
		if v.Type == "volume" {
			t.Errorf("worker shares the volume %s; workers on several machines have no folder in common", v.Source)
		}
	}
}

func TestComposeRedisIsAnEngineThatForgetsNothingByItself(t *testing.T) {
	t.Parallel()
	redis := compose(t, "scale").Services["redis"]
	command := strings.Join(redis.Command, " ")
	for _, setting := range []string{"--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"} {
		if !strings.Contains(command, setting) {
			t.Errorf("redis runs as %q, without %s; a job that Redis drops waits for its lease to run out", command, setting)
		}
	}
	if len(redis.Volumes) != 1 || len(redis.Ports) != 0 {
		t.Errorf("redis has %d volumes and %d ports; it keeps its file, and nobody outside speaks to it", len(redis.Volumes), len(redis.Ports))
	}
}

func TestComposeServicesAreWatchedAndHaveTimeToStop(t *testing.T) {
	t.Parallel()
	for _, project := range []*types.Project{compose(t), compose(t, "scale")} {
		for name, service := range project.Services {
			checked := service.HealthCheck != nil && !service.HealthCheck.Disable
			if !checked && name != "migrate" {
				t.Errorf("service %s has no health check; those that depend on it would start too early", name)
			}
			if service.Build != nil && (service.StopGracePeriod == nil || service.StopGracePeriod.String() != "30s") {
				t.Errorf("service %s is killed before the 25 seconds it takes to finish its work", name)
			}
		}
	}
}
