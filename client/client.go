package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/avowhq/avow/ledger"
)

// Config is what a Client is made of. URL and Site are required.
type Config struct {
	URL  string // of the server, as https://avow.example.org, with the path under which it is mounted if there is one
	Site string // whose notice is asked

	Key   string // the API key. Defaults to none.
	KeyID string // the key's id. Defaults to the middle part of a Key of the form avow_ID_SECRET.
	Name  string // of the asker, subject.id of every question. Defaults to KeyID, or "client".

	// HTTPClient carries the calls. It follows no redirect unless it says how. Defaults to one of its own, which keeps
	// connections open.
	HTTPClient *http.Client
	Timeout    time.Duration // of one call, repetitions included. Defaults to 2 s.

	// Purposes say what holds while the server is down, for a purpose and those below it. Defaults to Deny.
	Purposes map[string]Down
	// Obligations are those that the caller fulfils, by id. An answer that asks for another is a denial.
	Obligations []string

	// LogKeys are the verifier keys of the server's log, of which one must have signed a snapshot: several while keys
	// change. Required if a purpose has a Snapshot.
	LogKeys []string
	// Folder keeps snapshots across restarts. It is made if it is not there, with a key of its own, and for this user
	// alone. Defaults to memory.
	Folder string
	// MaxSnapshots bounds how many are kept; the oldest go. Defaults to 10 000.
	MaxSnapshots int

	// Refuse writes what Require answers instead of the handler. Defaults to Problem details of RFC 9457.
	Refuse func(http.ResponseWriter, *http.Request, Answer, error)
	// Log is told what no caller is: snapshots that could not be kept or removed. Defaults to slog.Default().
	Log *slog.Logger
	// Clock tells the time. Defaults to time.Now.
	Clock func() time.Time
}

// A Client asks for one site. It is safe for concurrent use; make one and keep it.
type Client struct {
	base, site, key, keyID, name string
	http                         *http.Client
	timeout                      time.Duration
	rules                        rules
	obligations                  []string
	snapshots                    *snapshots // nil where no purpose has any
	refuse                       func(http.ResponseWriter, *http.Request, Answer, error)
	clock                        func() time.Time
	breaker                      breaker
	wrote                        atomic.Int64 // the highest seq of what this client recorded
}

// New makes a client. It opens Folder and calls nobody.
func New(config Config) (*Client, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	c := &Client{
		base: strings.TrimRight(config.URL, "/") + "/", site: config.Site, key: config.Key, keyID: config.keyID(), name: config.Name, http: config.httpClient(),
		timeout: config.Timeout, rules: config.Purposes, obligations: slices.Clone(config.Obligations), refuse: config.Refuse, clock: config.Clock,
	}
	if c.name == "" {
		c.name = c.keyID
	}
	if c.name == "" {
		c.name = "client"
	}
	if c.timeout == 0 {
		c.timeout = 2 * time.Second
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.refuse == nil {
		c.refuse = c.refuseWithProblem
	}
	if c.rules.longest() == 0 {
		return c, nil
	}
	var err error
	if c.snapshots, err = openSnapshots(&config, c.rules.longest(), c.clock); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return c, nil
}

func (c *Config) check() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("the URL is not like https://avow.example.org")
	case c.Site == "" || url.PathEscape(c.Site) != c.Site || strings.Trim(c.Site, ".") == "":
		return errors.New("the Site is no name of one")
	case strings.ContainsFunc(c.Key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("the Key holds what no API key does")
	case c.Timeout < 0 || c.MaxSnapshots < 0:
		return errors.New("a Timeout or MaxSnapshots is negative")
	case rules(c.Purposes).longest() == 0:
		return nil
	case len(c.LogKeys) == 0:
		return errors.New("a purpose has a Snapshot, but LogKeys are missing")
	case c.Key != "" && c.keyID() == "":
		return errors.New("a purpose has a Snapshot, but KeyID is missing, and Key does not have it inside")
	}
	return nil
}

// keyID is what the server calls the key.
func (c *Config) keyID() string {
	if parts := strings.SplitN(c.Key, "_", 3); c.KeyID == "" && len(parts) == 3 && parts[0] == "avow" {
		return parts[1]
	}
	return c.KeyID
}

// httpClient never follows a redirect unasked: it would carry a question about a person to wherever it points.
func (c *Config) httpClient() *http.Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if c.HTTPClient == nil {
		t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
		if standard, ok := http.DefaultTransport.(*http.Transport); ok {
			t = standard.Clone()
		}
		t.MaxIdleConnsPerHost = 64
		return &http.Client{Transport: t, CheckRedirect: stay}
	}
	own := *c.HTTPClient
	if own.CheckRedirect == nil {
		own.CheckRedirect = stay
	}
	return &own
}

// now is the client's clock.
func (c *Client) now() time.Time { return c.clock() }

// raise remembers what this client recorded, so that later questions are answered as of then.
func (c *Client) raise(seq int64) {
	for {
		old := c.wrote.Load()
		if seq <= old || c.wrote.CompareAndSwap(old, seq) {
			return
		}
	}
}

// Forget drops all snapshots of these persons, as an event against the use does. Call it when you hear of a withdrawal
// or an erasure from elsewhere, or when a person is known by several identifiers.
func (c *Client) Forget(persons ...string) error {
	if c.snapshots == nil {
		return nil
	}
	var errs []error
	for _, p := range persons {
		errs = append(errs, c.snapshots.changed(p))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return nil
}

// verifier is the log's.
func (c *Config) verifier() (*ledger.Verifier, error) {
	v, err := ledger.NewVerifier(c.LogKeys...)
	if err != nil {
		return nil, fmt.Errorf("read LogKeys: %w", err)
	}
	return v, nil
}
