package store_test

import (
	"testing"

	"github.com/avowhq/avow/internal/store"
	"github.com/avowhq/avow/internal/store/storetest"
)

// TestScratch: what is written in a trial is not seen outside it, and is gone when it is dropped.
func TestScratch(t *testing.T) {
	address := storetest.Postgres(t)
	scratch, drop, err := store.Scratch(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	for _, empty := range []bool{true, false} {
		begun, err := store.Begun(t.Context(), scratch)
		if err != nil || begun == empty {
			t.Fatalf("begun: %v, %v", begun, err)
		}
		if empty {
			open(t, scratch)
		}
	}
	if begun, err := store.Begun(t.Context(), address); err != nil || begun {
		t.Errorf("outside: %v, %v", begun, err)
	}
	if err := drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if begun, err := store.Begun(t.Context(), scratch); err != nil || begun {
		t.Errorf("afterwards: %v, %v", begun, err)
	}
	if _, _, err := store.Scratch(t.Context(), "postgres:///none?host=/nowhere"); err == nil {
		t.Error("a schema where no server is")
	}
}
