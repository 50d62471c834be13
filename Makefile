.PHONY: test nightly lint fuzz bench

test: ## all tests; installs what they need where it may
	@bash scripts/test.sh

nightly: test lint fuzz bench ## what takes long

lint:
	go tool -modfile=tools/staticcheck.mod staticcheck ./...

fuzz: ## every fuzz target for two minutes
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    go test $$p -run '^$$' -fuzz "^$$f$$" -fuzztime 2m || exit 1; done; done

bench: ## figures of docs/performance.md
	go test ./decision -run '^$$' -bench . -benchmem
	cd bench && go test -run '^$$' -bench . -benchmem
