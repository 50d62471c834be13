// Command ask reads a notice and decides one request: what a program links that asks Avow.
package main

import (
	"log"
	"os"

	"github.com/avowhq/avow/decision"
	"github.com/avowhq/avow/policy"
)

func main() {
	p, _, err := policy.Load(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	model, err := policy.Lower(p)
	if err != nil {
		log.Fatal(err)
	}
	program, err := decision.Compile(model)
	if err != nil {
		log.Fatal(err)
	}
	facts, err := program.Facts(decision.Person{Residence: "DE"})
	if err != nil {
		log.Fatal(err)
	}
	var d decision.Decision
	answer := program.Decide(&decision.Request{Action: os.Args[2], Data: os.Args[3:4], For: os.Args[4], At: 1_790_000_000e6}, &facts, &d).String()
	if _, err := os.Stdout.WriteString(answer + "\n"); err != nil {
		log.Fatal(err)
	}
}
