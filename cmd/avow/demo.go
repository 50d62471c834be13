package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/server"
	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

// demoSite is the notice whose people the demo makes up.
const demoSite = "starter"

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "demo",
		Short:   "Serve the notices that come with Avow, with made-up people, and show what to try",
		Example: "  avow demo --addr 127.0.0.1:8080",
		Args:    exactly(),
	}
	addr := c.Flags().String("addr", "127.0.0.1:0", "where to listen; port 0 picks a free one")
	state := stateFlags{origin: "avow.demo"}
	c.Flags().StringVar(&state.dir, "dir", demoDir, "folder for copies of the notices and the state")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := unpack(state.dir); err != nil {
			return err
		}
		var all []*policy.Policy
		for _, name := range policies.Names() {
			l, err := load(filepath.Join(state.dir, name), c.ErrOrStderr())
			if err != nil {
				return err
			}
			all = append(all, l.policy)
		}
		return serve(c, *addr, state, all, func(ctx context.Context, base string, h *server.House) error {
			if h.Doubt == nil {
				if err := populate(ctx, base, state.dir, h); err != nil {
					return err
				}
			}
			fmt.Fprintf(c.OutOrStdout(), "ready %s\n", base)
			state.tellState(c.OutOrStdout(), h)
			tour(c.OutOrStdout(), base, state.dir)
			return nil
		})
	}
	return c
}

// populate makes people up, sends them a mailing in shadow mode, and keeps what an auditor needs.
func populate(ctx context.Context, base, dir string, h *server.House) error {
	l, err := load(filepath.Join(dir, demoSite), io.Discard)
	if err != nil {
		return err
	}
	site, err := h.People.Site(ctx, l.model.Site, l.model, l.program, l.policy.Front.Since().Format("2006-01-02"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "log.vkey")); err == nil {
		return nil // an earlier demo did
	}
	if err := seed(ctx, h, site); err != nil {
		return err
	}
	if err := seedOthers(ctx, dir, h); err != nil {
		return err
	}
	if err := mailing(ctx, base, dir, h); err != nil {
		return err
	}
	return keepForAuditor(ctx, dir, h, site)
}

// mailing asks for everybody whether the letter may be sent, with a key that is only observed: all are
// answered yes, and the log of decisions knows better.
func mailing(ctx context.Context, base, dir string, h *server.House) error {
	by := auth.LocalAdmin(os.Getuid())
	no, err := h.Auth.Create(ctx, by, "mailer", auth.Machine, nil)
	if errors.Is(err, auth.ErrTaken) { // an earlier start was interrupted
		no, err = numberOf(ctx, h, "mailer")
	}
	if err != nil {
		return err
	}
	id, secret, err := h.Auth.Issue(ctx, by, no, auth.Binding{Scopes: []auth.Scope{auth.Decide}, Purposes: []string{"letter"}}, noEnd)
	if err != nil {
		return err
	}
	r := remote{dir}
	if err := r.call(ctx, "PUT", "/api/v1/"+demoSite+"/shadow", map[string]string{"key": id, "mode": "observe"}, nil); err != nil {
		return err
	}
	for i := 0; i < crowdSize; i += 100 {
		questions := []map[string]any{}
		for j := i; j < min(i+100, crowdSize); j++ {
			questions = append(questions, map[string]any{"resource": map[string]any{"type": "person", "id": madeUpPerson(j).customer, "properties": map[string]any{"data": []string{"contact.email"}}}})
		}
		body, err := json.Marshal(map[string]any{"subject": map[string]string{"type": "service", "id": "mailer"}, "action": map[string]string{"name": "use"}, "context": map[string]string{"for": "letter"}, "evaluations": questions})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/"+demoSite+"/access/v1/evaluations", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the demo's mailing: the server answered %s", resp.Status)
		}
	}
	return nil
}

func numberOf(ctx context.Context, h *server.House, name string) (int64, error) {
	all, err := h.Auth.List(ctx)
	for _, p := range all {
		if p.Name == name {
			return p.No, nil
		}
	}
	return 0, errors.Join(err, auth.ErrNone)
}

// unpack copies the notices that are not there yet, and a second version of the starter to compare.
func unpack(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("unpack demo: %w", err)
	}
	err := fs.WalkDir(policies.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := policies.Files.ReadFile(path)
		if err != nil {
			return err
		}
		if err := place(filepath.Join(dir, filepath.FromSlash(path)), text); err != nil {
			return err
		}
		if rest, ok := strings.CutPrefix(path, "starter/"); ok {
			return place(filepath.Join(dir, "starter-2", rest), []byte(secondVersion(rest, string(text))))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unpack demo: %w", err)
	}
	return nil
}

// secondVersion is the starter's next notice, in which offers reach back further.
func secondVersion(name, text string) string {
	if name != policy.NoticeFile {
		return text
	}
	return strings.ReplaceAll(text, demoOld, demoNew)
}

// place writes a file unless it is there.
func place(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(text)
	return err
}

// tour prints the pages to open and the commands to paste.
func tour(w io.Writer, base, dir string) {
	self := os.Args[0]
	if strings.Contains(self, "go-build") {
		self = "go run ./cmd/avow"
	}
	fmt.Fprintln(w, "\nOpen:")
	for _, name := range policies.Names() {
		fmt.Fprintf(w, "  %s/%s/privacy?show=system\n", base, name)
	}
	fmt.Fprintf(w, "\nThe society knows %d made-up people; most have answered the question about its letter.\nPaste into another terminal, in this folder:\n", crowdSize)
	for _, x := range tourCommands(self, dir, base) {
		fmt.Fprintf(w, "\n  # %s\n", x.what)
		for _, line := range x.commands {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	fmt.Fprintln(w, "\nCtrl-C ends it; what it keeps stays in "+dir+", and goes with that folder.")
}
