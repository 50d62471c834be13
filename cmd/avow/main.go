// Command avow checks, tests, explains and serves privacy notices that run.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	_ "time/tzdata" // a machine without a zone database answers alike

	"github.com/spf13/cobra"
)

// Exit statuses of every verb.
const (
	exitFailed = 1 // what was asked for did not hold, or was denied
	exitUsage  = 2 // the command line cannot be read
)

// A failure was already told in full; only its exit status is left.
type failure struct{ status int }

func (f failure) Error() string { return "failed" }

// A hinted error says what to do about it.
type hinted struct {
	err  error
	hint string
}

func (h hinted) Error() string { return h.err.Error() }
func (h hinted) Unwrap() error { return h.err }

// usage is an error in how the command was called.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with everything given.
func run(args []string, out, errs io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.Execute()
	if err == nil {
		return 0
	}
	if f, ok := errors.AsType[failure](err); ok {
		return f.status
	}
	fmt.Fprintf(errs, "avow: error: %v\n", err)
	if h, ok := errors.AsType[hinted](err); ok {
		fmt.Fprintf(errs, "avow: hint: %s\n", h.hint)
	}
	if _, ok := errors.AsType[usage](err); ok {
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "avow",
		Short: "The privacy notice you publish is the program that handles your people's data",
		Long: `Avow reads a privacy notice whose clauses say, under their prose, what they make
the system do, and an example that proves it.

Exit status: 0 ok, 1 failed or denied, 2 usage, 3 verification failed.`,
		Example:       "  avow demo\n  avow check policies/starter",
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage{hinted{fmt.Errorf("%q is no verb", args[0]), "avow --help lists them"}}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage{hinted{err, c.CommandPath() + " --help shows the flags"}}
	})
	root.AddCommand(checkCommand(), testCommand(), coverageCommand(), diffCommand(), schemaCommand(),
		demoCommand(), serveCommand(), decideCommand(), recordCommand(), eraseCommand(), shadowCommand(), keysCommand(), verifyCommand(), benchCommand())
	return root
}

// exactly asks for the arguments that the verb's usage names, no more and no fewer.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		example, _, _ := strings.Cut(strings.TrimSpace(c.Example), "\n")
		if len(names) == 0 {
			return usage{hinted{fmt.Errorf("%s takes no arguments, only flags", c.CommandPath()), example}}
		}
		return usage{hinted{fmt.Errorf("%s takes %s; %d given", c.CommandPath(), strings.Join(names, " and "), len(args)), example}}
	}
}

// dirs asks for a policy folder or more.
func dirs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage{hinted{errors.New("no policy named"), "name the folder of a policy, as in " + c.CommandPath() + " policies/starter"}}
	}
	return nil
}

// folders leaves out plain files where folders are named too, as a shell's policies/* does.
func folders(args []string) []string {
	is := func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.IsDir()
	}
	if !slices.ContainsFunc(args, is) {
		return args
	}
	return slices.DeleteFunc(slices.Clone(args), func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.Mode().IsRegular()
	})
}
