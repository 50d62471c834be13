package server_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/server"
)

// A database that is older than what the journal beside the keys holds is not answered from: its people may
// have withdrawn since, or be erased.
func TestOldDatabaseIsSealed(t *testing.T) {
	dir, keys := t.TempDir(), filepath.Join(t.TempDir(), "keys")
	open := func() *server.House {
		house, err := server.OpenHouse(t.Context(), server.HouseConfig{Dir: dir, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		return house
	}
	house := open()
	t.Run("before", func(t *testing.T) {
		h := serve(t, house, starterDir)
		h.record(200, map[string]any{"person": "customer:1", "kind": "granted", "for": []string{"letter"}, "style": "opt-in"})
	})
	if err := house.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(dir, "avow.db"), filepath.Join(dir, "backup"))
	house = open()
	t.Run("after the backup", func(t *testing.T) {
		h := serve(t, house, starterDir)
		h.record(200, map[string]any{"person": "customer:1", "kind": "withdrawn", "for": []string{"letter"}})
	})
	if err := house.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(dir, "backup"), filepath.Join(dir, "avow.db"))
	for _, rest := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, "avow.db"+rest)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	house = open()
	closeAfter(t, house)
	if house.Doubt == nil {
		t.Fatal("the old database is served")
	}
	h := serve(t, house, starterDir)
	if status, text := h.send("POST", "/starter/access/v1/evaluation", `{"subject":{"type":"service","id":"mailer"},"action":{"name":"use"},"resource":{"type":"person","id":"customer:1","properties":{"data":["contact.email"]}},"context":{"for":"letter"}}`); status != http.StatusServiceUnavailable {
		t.Errorf("a decision of a sealed server: %d %s", status, text)
	}
	for _, path := range []string{"/readyz", "/ledger/checkpoint", "/api/v1/starter/decisions"} {
		if status, _ := h.send("GET", path, nil); status != http.StatusServiceUnavailable {
			t.Errorf("%s of a sealed server: %d", path, status)
		}
	}
	if status, text := h.send("GET", "/metrics", nil); status != http.StatusOK || !strings.Contains(string(text), "avow_sealed 1") {
		t.Errorf("metrics of a sealed server: %d", status)
	}
	if status, _ := h.send("GET", "/starter/privacy", nil); status != http.StatusOK {
		t.Errorf("the notice of a sealed server: %d", status)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
