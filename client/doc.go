// Package client asks an Avow server from a Go program, and knows what to do when the server does not answer.
//
//	avow, err := client.New(client.Config{
//		URL: "https://avow.example.org", Site: "starter", Key: os.Getenv("AVOW_KEY"),
//		Obligations: []string{"record-disclosure"}, // what this program does when an answer asks for it
//		LogKeys:     []string{os.Getenv("AVOW_LOG_KEY")},
//		Purposes:    map[string]client.Down{"fulfilment": client.Snapshot(time.Hour)},
//	})
//	…
//	answer, err := avow.Decide(ctx, client.Question{
//		Person: "customer:4711", Action: "use", Data: []string{"contact.email"}, For: "letter",
//	})
//	if !answer.Allowed { … }
//
// [Answer.Allowed] alone says whether it may be done: it is false whenever anything is wrong, so a program that
// never looks at the error does no harm. The error tells why no decision was had; a denial is none.
//
// # When the server is down
//
// Down is: no connection, no answer within [Config.Timeout], a status of 500 and above (or 408, 429), or an
// answer that cannot be one. Then the rule of the question's purpose holds: [Deny], or [Snapshot] up to an age,
// which is the last answer to the same question that the server signed. A snapshot never outlives a later denial
// that this client has seen, nor an event against the use that it recorded or tried to record ([Client.Record]).
// A server that says no to the caller (its key is revoked, say) is not down, and no snapshot speaks for it.
//
// After three failures in a row the server is left alone for a while, so that an outage does not cost every question
// a timeout; then one question tries again.
//
// What is asked is in docs/spec/answers.md, with the text that the server signs; why an outage is handled so is in
// docs/adr/0008-when-avow-is-down.md. The package uses the standard library and package ledger, nothing else.
package client
