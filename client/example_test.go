package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/avowhq/avow/client"
)

// serveExample is a server that knows who wants the letter, and the settings of a client for it.
func serveExample() (client.Config, *httptest.Server) {
	h := openHouse("starter")
	h.obliges, h.reason = []string{"record-disclosure"}, "The privacy notice allows this only under a condition that is not met now."
	h.consent("customer:4711", "letter", true)
	s := httptest.NewServer(h)
	return client.Config{
		URL: s.URL, Site: "starter", Key: houseKey, LogKeys: []string{h.signer.Key()},
		Obligations: []string{"record-disclosure"}, // what this program does when an answer asks for it
		Purposes:    map[string]client.Down{"letter": client.Snapshot(time.Hour)},
	}, s
}

func ExampleClient_Decide() {
	config, server := serveExample()
	defer server.Close()
	avow, err := client.New(config)
	if err != nil {
		log.Fatal(err)
	}
	for _, person := range []string{"customer:4711", "customer:4712"} {
		answer, err := avow.Decide(context.Background(), client.Question{
			Person: person, Action: "use", Data: []string{"contact.email"}, For: "letter",
		})
		if err != nil {
			log.Print(err) // why there was no decision; the answer is a denial
		}
		fmt.Println(answer.Allowed, answer.Kind, answer.Clauses, answer.Missing, answer.Obligations)
	}
	// Output:
	// true allow [letter] [] [record-disclosure]
	// false unmet [letter] [consent letter] []
}

func ExampleClient_DecideAll() {
	config, server := serveExample()
	defer server.Close()
	avow, err := client.New(config)
	if err != nil {
		log.Fatal(err)
	}
	var questions []client.Question
	readers := []string{"customer:4711", "customer:4712", "customer:4713"}
	for _, person := range readers {
		questions = append(questions, client.Question{Person: person, Action: "use", Data: []string{"contact.email"}, For: "letter"})
	}
	answers, err := avow.DecideAll(context.Background(), questions...)
	if err != nil {
		log.Print(err)
	}
	for i, answer := range answers {
		if answer.Allowed {
			fmt.Println("write to", readers[i])
		}
	}
	// Output:
	// write to customer:4711
}

func ExampleClient_Record() {
	config, server := serveExample()
	defer server.Close()
	avow, err := client.New(config)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	may := func() bool {
		answer, _ := avow.Decide(ctx, client.Question{Person: "customer:4711", Action: "use", Data: []string{"contact.email"}, For: "letter"})
		return answer.Allowed
	}
	fmt.Println(may())
	done, err := avow.Record(ctx, client.Event{
		ID:     "unsubscribe-form-80432", // sent twice, it is recorded once
		Person: "customer:4711", Kind: client.Withdrawn, For: []string{"letter"}, At: time.Now(),
	})
	if err != nil {
		log.Fatal(err) // keep the event, and record it again with the same ID
	}
	fmt.Println("entry", done[0].Index, "of the log")
	fmt.Println(may()) // the client reads what it wrote
	// Output:
	// true
	// entry 0 of the log
	// false
}

func ExampleClient_Require() {
	config, server := serveExample()
	defer server.Close()
	avow, err := client.New(config)
	if err != nil {
		log.Fatal(err)
	}
	maySeeAddress := avow.Require(func(r *http.Request) (client.Question, error) {
		customer := r.PathValue("customer")
		return client.Question{Person: "customer:" + customer, Action: "use", Data: []string{"contact.email"}, For: "letter"}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("GET /letters/{customer}", maySeeAddress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, _ := client.AnswerOf(r.Context())
		fmt.Fprint(w, "Dear reader. We owe: ", answer.Obligations)
	})))

	for _, path := range []string{"/letters/4711", "/letters/4712"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", path, nil))
		fmt.Println(w.Code, w.Header().Get("Content-Type"))
		fmt.Println(w.Body)
	}
	// Output:
	// 200 text/plain; charset=utf-8
	// Dear reader. We owe: [record-disclosure]
	// 403 application/problem+json
	// {"title":"Forbidden","status":403,"detail":"The privacy notice allows this only under a condition that is not met now.","kind":"unmet","clauses":["letter"],"missing":["consent letter"]}
}

func ExampleSnapshot() {
	config, server := serveExample()
	avow, err := client.New(config)
	if err != nil {
		log.Fatal(err)
	}
	question := client.Question{Person: "customer:4711", Action: "use", Data: []string{"contact.email"}, For: "letter"}
	if _, err := avow.Decide(context.Background(), question); err != nil {
		log.Fatal(err)
	}
	server.Close() // an outage

	answer, err := avow.Decide(context.Background(), question)
	fmt.Println(answer.Allowed, answer.FromSnapshot, answer.Age < time.Hour, err)

	question.Data = []string{"contact.address"} // was never asked
	answer, err = avow.Decide(context.Background(), question)
	fmt.Println(answer.Allowed, answer.Kind, err != nil)
	// Output:
	// true true true <nil>
	// false unavailable true
}

// How a server makes the text that it signs.
func ExampleSigned_Text() {
	question := client.Question{Person: "customer:4711", Action: "use", Data: []string{"contact.email"}, For: "letter"}
	hash, err := question.Hash("k7") // the id of the key that asks
	if err != nil {
		log.Fatal(err)
	}
	said := client.Signed{
		Site: "starter", Question: hash, Kind: client.Unmet, Clauses: []string{"letter"}, Missing: []string{"consent letter"},
		Version: "2026-01-01", Seq: 42, At: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC),
	}
	text, err := said.Text()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
	// Output:
	// avow/answer/v1
	// starter
	// 50hoMXTxg+oGOS7KMlBpDTjln8PS6daW6nRvmXSj0gg=
	// deny
	// 2026-01-01
	// 42
	// 2026-11-24T09:30:00.000000Z
	// {"clauses":["letter"],"kind":"unmet","missing":["consent letter"]}
}
