package crash

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ending is what a panic makes of a process.
type ending struct {
	said   strings.Builder
	status int
	undone []string
}

// panicking runs f, in a goroutine of the program, until the process would end.
func panicking(t *testing.T, trace bool, f func(e *ending)) *ending {
	t.Helper()
	e := &ending{}
	ended := make(chan struct{})
	Install(&Process{Err: &e.said, Exit: func(code int) {
		e.status = code
		close(ended)
		runtime.Goexit() // as the end of the process does, it does not return
	}})
	t.Cleanup(func() { Install(nil) })
	if trace {
		Trace()
	}
	Go(func() { f(e) })
	<-ended
	return e
}

func TestAPanicEndsWithOneLineAndItsStatus(t *testing.T) {
	none := []string(nil)
	var nothing map[string]int
	var anything any = "text"
	index := 3
	for says, f := range map[string]func(*ending){
		"index out of range [3] with length 0":                      func(*ending) { _ = none[index] },
		"invalid memory address or nil pointer dereference":         func(*ending) { var e *ending; e.status = 1 },
		"assignment to entry in nil map":                            func(*ending) { nothing["k"] = 1 },
		"interface conversion: interface {} is string, not int":     func(*ending) { _ = anything.(int) },
		"panic of a string":                                         func(*ending) { panic("s3cret") },
		"panic of a *errors.errorString":                            func(*ending) { panic(errors.New("s3cret\nof two lines")) },
		"panic of a *fmt.wrapError":                                 func(*ending) { panic(fmt.Errorf("s3cret %w", errors.New("x"))) },
		"index out of range [3] with length 0 (internal/crash.Test": func(*ending) { _ = none[index] },
	} {
		t.Run(says, func(t *testing.T) {
			e := panicking(t, false, f)
			got := e.said.String()
			if e.status != 70 || strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "Error: this is a defect of the program: ") || !strings.Contains(got, says) || strings.Contains(got, "s3cret") {
				t.Errorf("%s: status %d, says %q", says, e.status, got)
			}
		})
	}
	e := panicking(t, true, func(*ending) { _ = none[index] })
	if got := e.said.String(); !strings.Contains(got, "\ngoroutine ") || !strings.Contains(got, "crash_test.go") {
		t.Errorf("with a trace it says %q", got)
	}
}

// What a goroutine has changed that has no part in the panic is undone.
func TestWhatOutlivesTheProgramIsUndone(t *testing.T) {
	e := panicking(t, false, func(e *ending) {
		undo := func(name string) func() { return func() { e.undone = append(e.undone, name) } }
		Undo(undo("outer"))
		Undo(undo("over"))()
		Undo(undo("inner"))
		var group sync.WaitGroup
		group.Go(Guarded(func() { panic("now") }))
		select {}
	})
	if !slices.Equal(e.undone, []string{"inner", "outer", "inner", "outer"}) || strings.Count(e.said.String(), "\n") != 1 {
		t.Errorf("%v were undone, and it says %q", e.undone, e.said.String())
	}
}

func TestAGroupGuardsItsGoroutines(t *testing.T) {
	e := panicking(t, false, func(*ending) {
		group, _ := NewGroup(t.Context(), 1)
		group.Start(func() error { panic("now") })
		_ = group.Wait()
	})
	if e.status != 70 || strings.Count(e.said.String(), "\n") != 1 {
		t.Errorf("status %d, says %q", e.status, e.said.String())
	}
}

func TestTheFirstErrorOfAGroupCancelsTheOthers(t *testing.T) {
	first := errors.New("first")
	group, ctx := NewGroup(t.Context(), 2)
	group.Start(func() error { <-ctx.Done(); return ctx.Err() })
	group.Start(func() error { return first })
	if err := group.Wait(); !errors.Is(err, first) || !errors.Is(context.Cause(ctx), first) {
		t.Errorf("%v, and the cause is %v", err, context.Cause(ctx))
	}
}

func TestWithoutAProcessAPanicStaysOne(t *testing.T) {
	defer func() {
		if reason := recover(); reason != "now" {
			t.Errorf("recovered %v", reason)
		}
	}()
	Guarded(func() { panic("now") })()
}

// Every goroutine that code of the program begins is guarded: a bare "go", or a
// function that begins one, is refused.
func TestEveryGoroutineIsGuarded(t *testing.T) {
	begun := 0
	for _, folder := range []string{"cmd/ectl", "commands", "completions", "internal", "output"} {
		t.Run(folder, func(t *testing.T) {
			root := filepath.Join("..", "..", filepath.FromSlash(folder))
			if err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(filepath.ToSlash(path), "internal/crash/") {
					return err
				}
				set := token.NewFileSet()
				file, err := parser.ParseFile(set, path, nil, 0)
				if err != nil {
					return err
				}
				ast.Inspect(file, func(node ast.Node) bool {
					switch n := node.(type) {
					case *ast.GoStmt:
						t.Errorf("%s: begin the goroutine with crash.Go", set.Position(n.Pos()))
					case *ast.CallExpr:
						name, ours := called(n)
						if ours && name == "Go" {
							begun++
							if folder == "commands" {
								t.Errorf("%s: move what runs in the goroutine to internal", set.Position(n.Pos()))
							}
						} else if name == "Go" || name == "AfterFunc" || name == "TryGo" {
							begun++
							if inner, is := n.Args[len(n.Args)-1].(*ast.CallExpr); !is || !isGuarded(inner) {
								t.Errorf("%s: give %s the function in crash.Guarded, or use crash.Group", set.Position(n.Pos()), name)
							}
						}
					}
					return true
				})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if begun < 30 {
		t.Errorf("only %d goroutines are found: are all folders searched?", begun)
	}
}

// called is the name of the function or method that is called. ours says that it
// is one of this package.
func called(call *ast.CallExpr) (name string, ours bool) {
	selector, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		return "", false
	}
	pkg, _ := selector.X.(*ast.Ident)
	return selector.Sel.Name, pkg != nil && pkg.Name == "crash"
}

func isGuarded(call *ast.CallExpr) bool {
	name, ours := called(call)
	return ours && name == "Guarded"
}
