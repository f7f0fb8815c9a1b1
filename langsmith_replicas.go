package genotel

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// replica is one element of LANGSMITH_RUNS_ENDPOINTS.
type replica struct {
	URL     string `json:"api_url"`
	Key     string `json:"api_key"`
	Project string `json:"project_name"`
	Primary bool   `json:"primary"`
}

// langsmithReplicas reads LANGSMITH_RUNS_ENDPOINTS: several LangSmith workspaces that
// get the same spans, independent of each other. It is a list of objects, or one
// object that maps URLs to keys. No error repeats a part of it: it holds keys.
func (c config) langsmithReplicas(source, list string) ([]destination, error) {
	replicas, err := parseReplicas(source, list)
	if err != nil {
		return nil, err
	}
	if endpoint, name := langsmithVariable("ENDPOINT"); endpoint != "" {
		return nil, fmt.Errorf("%s and %s: only one of them can be set", source, name)
	}
	var all []destination
	var problems []error
	for i, r := range replicas {
		name := "langsmith"
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		resolved, err := c.langsmithDestination(LangSmith{APIKey: r.Key, Endpoint: r.URL, Project: r.Project}, name, true)
		all = append(all, resolved...)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s, element %d: %w", source, i+1, err))
		}
	}
	return all, errors.Join(problems...)
}

func parseReplicas(source, list string) (replicas []replica, err error) {
	var byURL map[string]string
	switch {
	case json.Unmarshal([]byte(list), &replicas) == nil:
	case json.Unmarshal([]byte(list), &byURL) == nil:
		for _, url := range slices.Sorted(maps.Keys(byURL)) {
			replicas = append(replicas, replica{URL: url, Key: byURL[url]})
		}
	default:
		return nil, fmt.Errorf("%s: neither a list of objects with api_url and api_key, nor an object of URLs and keys", source)
	}
	primaries := 0
	for i, r := range replicas {
		if r.URL == "" || r.Key == "" {
			return nil, fmt.Errorf("%s, element %d: api_url and api_key are needed", source, i+1)
		}
		if r.Primary {
			primaries++
		}
	}
	switch {
	case primaries > 1:
		return nil, fmt.Errorf("%s: more than one element is primary", source)
	case len(replicas) == 0:
		return nil, fmt.Errorf("%s: no element", source)
	}
	return replicas, nil
}
