package client_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const guide = "../docs/guide/go-client.md"

// The programs of the guide compile, and the first prints what the page says.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile(guide)
	must(t, err)
	programs := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllSubmatch(page, -1)
	printed := regexp.MustCompile("(?ms)^```text\n(.*?)^```$").FindSubmatch(page)
	if len(programs) != 3 || printed == nil {
		t.Fatalf("%d programs", len(programs))
	}
	first := build(t, programs[0][1])
	for _, p := range programs[1:] {
		build(t, p[1])
	}

	h := openHouse("starter")
	h.t = t
	s := httptest.NewServer(h)
	defer s.Close()
	c := exec.CommandContext(t.Context(), first)
	c.Env = append(os.Environ(), "AVOW_URL="+s.URL, "AVOW_KEY="+houseKey+"\n", "AVOW_LOG_KEY="+h.signer.Key()+"\n")
	if out, err := c.CombinedOutput(); err != nil || string(out) != string(printed[1]) {
		t.Errorf("%v: %s\nthe page says\n%s", err, out, printed[1])
	}
}

// build compiles a program as if it stood in this module.
func build(t *testing.T, program []byte) string {
	t.Helper()
	if !strings.HasPrefix(string(program), "package main\n") {
		t.Fatal("a go block of the guide is a whole program")
	}
	dir := t.TempDir()
	source, overlay, out := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program")
	must(t, os.WriteFile(source, program, 0o600))
	here, err := os.Getwd()
	must(t, err)
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "testdata", "guide", "main.go"): source}})
	must(t, err)
	must(t, os.WriteFile(overlay, text, 0o600))
	c := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", out, "./testdata/guide")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	return out
}
