package langsmithprop

import (
	"context"
)

type (
	runKey   struct{}
	itemsKey struct{}
)

// ContextWithRun returns a context whose spans belong below run, a run of another service.
// Extract does it; call it for a run that is known otherwise, from a message queue for
// instance.
func ContextWithRun(ctx context.Context, run Run) context.Context {
	return context.WithValue(ctx, runKey{}, run)
}

// RunFromContext returns what [ContextWithRun] or Extract has put into ctx.
func RunFromContext(ctx context.Context) (run Run, ok bool) {
	run, ok = ctx.Value(runKey{}).(Run)
	return run, ok
}

// Items describe the runs of a trace, in whatever service they are.
type Items struct {
	// Project is the name of the project that the runs belong to.
	Project string
	// Tags are without commas.
	Tags []string
	// Metadata has values of JSON: string, bool, int64, float64, []any and map[string]any.
	Metadata map[string]any
}

// empty reports whether there is nothing to say.
func (i Items) empty() bool { return i.Project == "" && len(i.Tags) == 0 && len(i.Metadata) == 0 }

// ContextWithItems returns a context with items in place of those that it had. They are sent
// by a [Propagator] with [SendItems], and put on spans by package langsmithlink. Neither
// they nor what they hold may be changed afterwards.
func ContextWithItems(ctx context.Context, items Items) context.Context {
	return context.WithValue(ctx, itemsKey{}, items)
}

// ItemsFromContext returns what [ContextWithItems] or Extract has put into ctx.
func ItemsFromContext(ctx context.Context) Items {
	items, _ := ctx.Value(itemsKey{}).(Items)
	return items
}
