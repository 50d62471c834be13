.PHONY: test lint fmt cover docs nightly bench help

test: ## all tests; installs what they need where it may, says what is missing where it may not
	@bash scripts/test.sh

lint: ## golangci-lint and staticcheck, at pinned versions
	go tool -modfile=tools/golangci-lint.mod golangci-lint run ./...
	go tool -modfile=tools/staticcheck.mod staticcheck ./...

fmt: ## format the Go files
	go tool -modfile=tools/gofumpt.mod gofumpt -w .

cover: ## how much the tests reach, as out/cover.html
	@mkdir -p out
	go test -coverpkg=./... -coverprofile=out/cover.out ./...
	go tool cover -html=out/cover.out -o out/cover.html
	@go tool cover -func=out/cover.out | tail -n 1

docs: ## follow the documentation: its commands, links and index
	go test -count=1 -run 'Documentation|Links|Decisions' .

nightly: lint ## what takes hours: races, properties, every fuzz target (FUZZTIME=5m), benchmarks
	@bash scripts/nightly.sh

bench: ## the figures of docs/performance.md
	go test ./decision -run '^$$' -bench . -benchmem
	cd bench && go test ./... -run '^$$' -bench . -benchmem

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
