package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/avowhq/avow/policies"
	"github.com/avowhq/avow/policy"
)

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "demo",
		Short:   "Serve the notices that come with Avow, and show five things to try",
		Example: "  avow demo --addr 127.0.0.1:8080",
		Args:    cobra.NoArgs,
	}
	addr := c.Flags().String("addr", "127.0.0.1:0", "where to listen; port 0 picks a free one")
	dir := c.Flags().String("dir", "avow-demo", "folder for copies of the notices, to read and change")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := unpack(*dir); err != nil {
			return err
		}
		var all []*policy.Policy
		for _, name := range policies.Names() {
			l, err := load(filepath.Join(*dir, name), c.ErrOrStderr())
			if err != nil {
				return err
			}
			all = append(all, l.policy)
		}
		return serve(c.Context(), c.OutOrStdout(), *addr, all, func(base string) { tour(c.OutOrStdout(), base, *dir) })
	}
	return c
}

// unpack copies the notices that are not there yet, and a second version of the starter to compare.
func unpack(dir string) error {
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

// secondVersion is the starter's next notice: offers by mail need a consent now.
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
	fmt.Fprintln(w, "\nPaste into another terminal, in this folder:")
	for _, x := range tourCommands(self, dir) {
		fmt.Fprintf(w, "\n  # %s\n  %s\n", x.what, x.command)
	}
	fmt.Fprintln(w, "\nCtrl-C ends it.")
}
