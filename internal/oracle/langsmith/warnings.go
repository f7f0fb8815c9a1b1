package langsmith

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// warnings are those of rule 19: first what each run shows by itself, then what the runs show together.
func warnings(conversions []*conversion) []string {
	var found []string
	for _, c := range conversions {
		found = append(found, c.warnings()...)
	}
	stored := map[string]bool{}
	for _, c := range conversions {
		stored[c.run.ID] = true
	}
	roots := map[string]int{}
	for _, c := range conversions {
		if parent := c.run.ParentRunID; parent != "" && !stored[parent] {
			found = append(found, c.warning("parent %s is absent from the destination", parent))
		}
		if c.isRoot() {
			roots[c.run.TraceID]++
		}
	}
	for _, trace := range slices.Sorted(maps.Keys(roots)) {
		if roots[trace] > 1 {
			found = append(found, fmt.Sprintf("trace %s: langsmith.is_root on %d runs", trace, roots[trace]))
		}
	}
	return found
}

func (c *conversion) warnings() []string {
	var found []string
	if c.isRoot() && c.attrs.text("langsmith.span.parent_id") != "" {
		found = append(found, c.warning("langsmith.is_root and langsmith.span.parent_id together"))
	}
	keys := slices.Sorted(maps.Keys(c.attrs))
	if i := slices.IndexFunc(keys, isTokenKey); i >= 0 && c.run.Outputs == nil {
		found = append(found, c.warning("%s without outputs: the usage is not stored", keys[i]))
	}
	for _, key := range keys {
		if strings.HasPrefix(key, "langsmith.") && c.attrs[key].GetArrayValue() != nil {
			found = append(found, c.warning("%s is an array", key))
		}
	}
	return found
}

func (c *conversion) warning(format string, args ...any) string {
	return fmt.Sprintf("run %q (%s): ", c.run.Name, c.run.ID) + fmt.Sprintf(format, args...)
}

func isTokenKey(key string) bool {
	for _, prefix := range []string{"gen_ai.usage.", "llm.token_count.", "llm.usage.", "langsmith.usage_metadata"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
