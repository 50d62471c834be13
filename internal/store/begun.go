package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Begun reports whether there is a log at the address already: then it needs the keys that it began with,
// and new ones would be wrong.
func Begun(ctx context.Context, url string) (bool, error) {
	if !isPostgres(url) {
		_, err := os.Stat(url)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false, fmt.Errorf("connect: %w", quiet(err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var table *string
	if err := conn.QueryRow(ctx, `SELECT to_regclass('log_head')::text`).Scan(&table); err != nil || table == nil {
		return false, quiet(err)
	}
	var begun bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM log_head)`).Scan(&begun)
	return begun, quiet(err)
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}
