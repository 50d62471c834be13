package auth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store/storetest"
)

func TestAllow(t *testing.T) {
	p := begin(t, storetest.SQLite(t))
	a := auth.New(p.store, p.keys, auth.Options{Rates: map[auth.Scope]auth.Rate{auth.ReadPeople: {PerSecond: 20, Burst: 3}, auth.Erase: {PerSecond: 0.01}}})
	one, two := &auth.Principal{Key: "one"}, &auth.Principal{Key: "two"}
	for i := range 3 {
		if _, ok := a.Allow(one, auth.ReadPeople); !ok {
			t.Fatal("call", i)
		}
	}
	wait, ok := a.Allow(one, auth.ReadPeople)
	if ok || wait <= 0 || wait > 50*time.Millisecond {
		t.Fatal(wait, ok)
	}
	if _, ok := a.Allow(two, auth.ReadPeople); !ok {
		t.Error("one key takes another's calls")
	}
	if _, ok := a.Allow(one, auth.Erase); !ok {
		t.Error("one scope takes another's calls, or nothing is a burst")
	}
	if wait, ok := a.Allow(one, auth.Erase); ok || wait < 90*time.Second {
		t.Error(wait, ok)
	}
	for range 1000 {
		if _, ok := a.Allow(one, auth.Decide); !ok {
			t.Fatal("an unbounded scope is bounded")
		}
		if _, ok := a.Allow(auth.LocalAdmin(0), auth.Erase); !ok {
			t.Fatal("the socket is bounded")
		}
	}
	time.Sleep(wait) // what was refused has taken nothing
	if _, ok := a.Allow(one, auth.ReadPeople); !ok {
		t.Error("the wait was too short")
	}
	for i := range 30000 { // more than are counted
		if _, ok := a.Allow(&auth.Principal{Key: fmt.Sprint(i)}, auth.ReadPeople); !ok {
			t.Fatal("a new key is bounded")
		}
	}
}
