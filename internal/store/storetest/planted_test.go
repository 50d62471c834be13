package storetest_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/avowhq/avow/internal/store/storetest"
)

const planted = "Zoë.Ünal+leak@planted.example"

func search() *storetest.Planted {
	return storetest.Plant(storetest.Value{Name: "identity", Plain: planted, Spellings: []string{"Zoe\u0308.U\u0308nal+leak@planted.example"}})
}

// Every way to leak is found.
func TestPlantedIsFound(t *testing.T) {
	gz := func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte("before " + s + " after"))
		_ = w.Close()
		return b.String()
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(planted))
	_ = w.Close()
	quoted, err := json.Marshal(map[string]string{"x": planted})
	if err != nil {
		t.Fatal(err)
	}
	s256, s1, m5 := sha256.Sum256([]byte(planted)), sha1.Sum([]byte(strings.ToLower(planted))), md5.Sum([]byte(planted))
	leaks := map[string]string{
		"plain": planted, "small": strings.ToLower(planted), "capital": strings.ToUpper(planted), "decomposed": "Zoe\u0308.U\u0308nal+leak@planted.example",
		"query": url.QueryEscape(planted), "path": url.PathEscape(planted), "small percent": strings.ToLower(url.QueryEscape(planted)),
		"JSON": string(quoted), "escaped": `zo\u00eb.\u00dcnal+leak@planted.example`, "escaped signs": `Zo\u00EB.\u00DCnal\u002bleak\u0040planted.example`,
		"hex": hex.EncodeToString([]byte(planted)), "capital hex": strings.ToUpper(hex.EncodeToString([]byte("x" + planted))), "bytea": `\x` + hex.EncodeToString([]byte("{"+planted+"}")),
		"base64": base64.StdEncoding.EncodeToString([]byte(planted)), "base64 1": base64.URLEncoding.EncodeToString([]byte("1" + planted + "+")), "base64 2": base64.RawStdEncoding.EncodeToString([]byte("12" + planted + "ab")),
		"gzip": gz(planted), "gzip base64": gz(base64.StdEncoding.EncodeToString([]byte(planted))), "gzip gzip": gz(gz(planted)), "zlib": z.String(),
		"SHA-256": string(s256[:]), "SHA-256 hex": fmt.Sprintf("%X", s256), "SHA-256 base64": base64.StdEncoding.EncodeToString(s256[:]), "SHA-1": string(s1[:]), "MD5": fmt.Sprintf("%x", m5),
	}
	p := search()
	for name, leak := range leaks {
		content := append(noise(1000), leak...)
		if len(p.In(append(content, noise(1000)...))) == 0 {
			t.Errorf("a leak as %s is not found", name)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), noise(3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p.NotUnder(t, dir)
}

func noise(n int) []byte {
	out := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}
