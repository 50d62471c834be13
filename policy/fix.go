package policy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Fix mends what is mechanical in a policy's files: Unicode normal form C, line ends, spaces at the
// end of lines of blocks, and anchors that headings lack. It never changes what a policy means, and
// doing it twice is doing it once.
func Fix(dir string) error {
	for _, name := range []string{NoticeFile, VocabularyFile, SystemsFile} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("fix policy: %w", err)
		}
		fixed := FixText(name, text)
		if bytes.Equal(fixed, text) {
			continue
		}
		if err := os.WriteFile(path, fixed, 0o644); err != nil {
			return fmt.Errorf("fix policy: %w", err)
		}
	}
	return nil
}

var bareHeading = regexp.MustCompile(`^(#{2,6})\s+(.*?)(?:\s+#+)?\s*$`)

// FixText is Fix on one file's text.
func FixText(name string, text []byte) []byte {
	s := norm.NFC.String(string(text))
	taken := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{#([^}\s]+)`).FindAllStringSubmatch(s, -1) {
		taken[m[1]] = true
	}
	lines := strings.Split(s, "\n")
	fence := "" // that opened the block we are in
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		lines[i] = line
		if f := fenceOf(line); f != "" && (fence == "" || strings.HasPrefix(f, fence) && strings.TrimSpace(line) == f) {
			if fence == "" {
				fence = f
			} else {
				fence = ""
			}
			lines[i] = strings.TrimRight(line, " \t\r")
			continue
		}
		if name != NoticeFile || fence != "" {
			lines[i] = strings.TrimRight(line, " \t\r")
			continue
		}
		if m := bareHeading.FindStringSubmatch(line); m != nil && !strings.Contains(line, "{#") && m[2] != "" {
			id := slug(m[2])
			for n := 2; taken[id]; n++ {
				id = fmt.Sprintf("%s-%d", slug(m[2]), n)
			}
			taken[id] = true
			lines[i] = fmt.Sprintf("%s %s {#%s}", m[1], m[2], id)
		}
	}
	return []byte(strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n")
}

// fenceOf is the run of backticks or tildes that a line begins with, if it is a fence.
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, mark := range []string{"`", "~"} {
		if run := line[:len(line)-len(strings.TrimLeft(line, mark))]; len(run) >= 3 {
			return run
		}
	}
	return ""
}
