package config

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"postroom/internal/proof"
)

// RedisMode says what kind of Redis runs the queue.
type RedisMode string

// The kinds of Redis.
const (
	RedisEmbedded RedisMode = ""         // in this process
	RedisSingle   RedisMode = "single"   // redis://host, rediss://host
	RedisSentinel RedisMode = "sentinel" // redis-sentinel://host,host/master
	RedisCluster  RedisMode = "cluster"  // redis-cluster://host,host
)

// Redis says where the queue's engine is. The fields are those of go-redis's
// UniversalOptions.
type Redis struct {
	Mode      RedisMode
	Addresses []string // host:port
	Master    string   // of a sentinel
	Username  string
	Password  Secret
	DB        int
	TLS       bool // schemes with an s, such as rediss
}

func redis(m proof.Map) Redis {
	written := m.Text("redis")
	if written == "" {
		return Redis{}
	}
	parsed, err := ParseRedis(written)
	if err != nil {
		m.Wrong("redis", "redis is not the URL of a Redis: "+err.Error(), "redis: redis://:password@host:6379/0, redis-sentinel://host,host/master, redis-cluster://host,host, or leave it out")
	}
	return parsed
}

// ParseRedis reads a URL as it stands in the settings. Several hosts are
// parted by commas, which net/url does not read, so it is taken apart here.
// Its errors never repeat what is written: it holds a password.
func ParseRedis(written string) (Redis, error) {
	scheme, rest, ok := strings.Cut(written, "://")
	kind, tls := strings.CutPrefix(scheme, "rediss")
	if !tls {
		kind = strings.TrimPrefix(scheme, "redis")
	}
	modes := map[string]RedisMode{"": RedisSingle, "-sentinel": RedisSentinel, "-cluster": RedisCluster}
	r := Redis{Mode: modes[kind], TLS: tls}
	if !ok || r.Mode == "" {
		return Redis{}, errors.New("it begins with none of redis://, rediss://, redis-sentinel://, redis-cluster://")
	}
	hosts, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		if err := r.login(hosts[:at]); err != nil {
			return Redis{}, err
		}
		hosts = hosts[at+1:]
	}
	if err := r.hosts(hosts); err != nil {
		return Redis{}, err
	}
	return r, r.place(path)
}

func (r *Redis) login(text string) error {
	name, password, _ := strings.Cut(text, ":")
	plainName, err := url.PathUnescape(name)
	plainPassword, err2 := url.PathUnescape(password)
	if err != nil || err2 != nil {
		return errors.New("a % in the name or password is not followed by two figures")
	}
	r.Username, r.Password = plainName, secretOf(plainPassword)
	return nil
}

func (r *Redis) hosts(text string) error {
	standard := "6379"
	if r.Mode == RedisSentinel {
		standard = "26379"
	}
	for host := range strings.SplitSeq(text, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), standard)
		}
		name, port, err := net.SplitHostPort(host)
		if err != nil || name == "" || !isPort(port) || strings.ContainsAny(name, "?# ") {
			return errors.New("it has no host, or a port that is not a number")
		}
		r.Addresses = append(r.Addresses, host)
	}
	if r.Mode == RedisSingle && len(r.Addresses) > 1 {
		return errors.New("several hosts are a redis-sentinel:// or a redis-cluster://")
	}
	return nil
}

// place reads what comes after the hosts: a master's name, a database number.
func (r *Redis) place(path string) error {
	if r.Mode == RedisSentinel {
		r.Master, path, _ = strings.Cut(path, "/")
		if r.Master == "" {
			return errors.New("the name of the master is missing after the hosts")
		}
	}
	if path == "" {
		return nil
	}
	n, err := strconv.Atoi(path)
	if err != nil || n < 0 || r.Mode == RedisCluster && n > 0 {
		return errors.New("what follows the hosts is not the number of a database")
	}
	r.DB = n
	return nil
}
