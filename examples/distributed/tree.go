package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// node is a span, with the resource that says which process it is from.
type node struct {
	*tracepb.Span

	service string
	process int64
}

// printTraces prints the spans as trees, whatever process they are from.
func printTraces(out io.Writer, resources []*tracepb.ResourceSpans) {
	all := nodes(resources)
	present := map[string]bool{}
	for _, n := range all {
		present[string(n.GetSpanId())] = true
	}
	children := map[string][]node{} // by the id of the parent
	for _, n := range all {
		parent := string(n.GetParentSpanId())
		if !present[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], n)
	}
	for _, root := range children[""] {
		processes := map[int64]bool{}
		spans := count(children, root, processes)
		_, _ = fmt.Fprintf(out, "\ntrace %s, %d spans of %d processes\n\n", hex.EncodeToString(root.GetTraceId()), spans, len(processes))
		printTree(out, children, root, "", "")
	}
}

// count counts a span and those below it, and notes their processes.
func count(children map[string][]node, n node, processes map[int64]bool) int {
	spans := 1
	processes[n.process] = true
	for _, child := range children[string(n.GetSpanId())] {
		spans += count(children, child, processes)
	}
	return spans
}

// printTree prints a span and those below it. branch leads to its name, trunk stands before
// all further lines.
func printTree(out io.Writer, children map[string][]node, n node, branch, trunk string) {
	root := ""
	if isTrue(n.GetAttributes(), "langsmith.is_root") {
		root = "  root"
	}
	_, _ = fmt.Fprintf(out, "%-30s  %s  process %d%s\n", branch+n.GetName(), n.service, n.process, root)
	below := children[string(n.GetSpanId())]
	for i, child := range below {
		if i < len(below)-1 {
			printTree(out, children, child, trunk+"├─ ", trunk+"│  ")
		} else {
			printTree(out, children, child, trunk+"└─ ", trunk+"   ")
		}
	}
}

// nodes are the spans in the order in which they started.
func nodes(resources []*tracepb.ResourceSpans) []node {
	var all []node
	for _, resource := range resources {
		attributes := resource.GetResource().GetAttributes()
		service, process := value(attributes, "service.name"), value(attributes, "process.pid")
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				all = append(all, node{Span: span, service: service.GetStringValue(), process: process.GetIntValue()})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b node) int { return cmp.Compare(a.GetStartTimeUnixNano(), b.GetStartTimeUnixNano()) })
	return all
}

func value(attributes []*commonpb.KeyValue, key string) *commonpb.AnyValue {
	for _, kv := range attributes {
		if kv.GetKey() == key {
			return kv.GetValue()
		}
	}
	return nil
}

func isTrue(attributes []*commonpb.KeyValue, key string) bool {
	return value(attributes, key).GetBoolValue()
}
