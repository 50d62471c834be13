package auth_test

import (
	"testing"
	"time"

	"github.com/avowhq/avow/internal/auth"
	"github.com/avowhq/avow/internal/store/storetest"
)

func BenchmarkAuthenticate(b *testing.B) {
	p := begin(b, storetest.SQLite(b))
	_, secret := p.issue(b, auth.LocalAdmin(0), p.create(b, "shop"), decide(), p.clock.now().Add(time.Hour))
	p.in(b, secret)
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Authenticate(b.Context(), secret); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := p.Authenticate(b.Context(), secret); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
	stranger := begin(b, storetest.SQLite(b))
	unknown, _ := stranger.first(b)
	b.Run("unknown", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Authenticate(b.Context(), unknown); err == nil {
				b.Fatal("good")
			}
		}
	})
	b.Run("mistyped", func(b *testing.B) {
		mistyped := unknown[:len(unknown)-1] + "7"
		for b.Loop() {
			if _, err := p.Authenticate(b.Context(), mistyped); err == nil {
				b.Fatal("good")
			}
		}
	})
}

func BenchmarkLookUp(b *testing.B) {
	p := begin(b, storetest.SQLite(b))
	no := p.create(b, "shop")
	_, secret := p.issue(b, auth.LocalAdmin(0), no, decide(), time.Time{})
	for b.Loop() {
		p.Auth = auth.New(p.store, p.keys, auth.Options{}) // remembers nothing
		if _, err := p.Authenticate(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	p := begin(b, storetest.SQLite(b))
	who := &auth.Principal{Key: "abcdefgh"}
	for b.Loop() {
		p.Allow(who, auth.ReadPeople)
	}
}
