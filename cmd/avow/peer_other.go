//go:build !linux

package main

import (
	"net"
	"os"
)

// peer trusts the socket's mode where the account at the other end cannot be asked for: only its owner
// and root can open it.
func peer(net.Conn) int { return os.Getuid() }
