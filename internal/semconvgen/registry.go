package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The two profiles of the registry, see the package comment of semconv.
const (
	latest = "latest"
	v141   = "v1.41"
)

// legacyKeys are deprecated but generated all the same: the metrics and encoders
// of profile v1.41 need them. Other deprecated keys belong to the package of the
// backend that still reads them.
var legacyKeys = []string{
	"gen_ai.token.type",
	"gen_ai.usage.cache_creation.input_tokens",
}

// registry is the part of registry.json that the generator uses.
type registry struct {
	Attributes []attribute        `json:"attributes"`
	External   []attribute        `json:"external_attributes"`
	Profiles   map[string]profile `json:"profiles"`
}

type attribute struct {
	Key           string              `json:"key"`
	Type          string              `json:"type"`
	TypeOverrides map[string]string   `json:"type_overrides"`
	Template      bool                `json:"template"`
	Stability     string              `json:"stability"`
	Enum          []string            `json:"enum"`
	EnumOverrides map[string][]string `json:"enum_overrides"`
	In            []string            `json:"in"` // profiles; empty for external attributes
	Deprecated    *deprecation        `json:"deprecated"`
	Content       bool                `json:"content"`
	Sensitive     bool                `json:"sensitive"`
}

type deprecation struct {
	ReplacedBy string `json:"replaced_by"`
}

type profile struct {
	Source struct {
		Repository string `json:"repository"`
		Ref        string `json:"ref"`
	} `json:"source"`
	SchemaURL string     `json:"schema_url"`
	Spans     []spanType `json:"spans"`
	Events    []signal   `json:"events"`
	Metrics   []signal   `json:"metrics"`
	Entities  []entity   `json:"entities"`
}

// spanType is a kind of span with the attributes it carries.
type spanType struct {
	ID         string        `json:"id"`
	Refines    string        `json:"refines"` // the base, if this is a provider's variant of it
	Attributes []requirement `json:"attributes"`
}

// signal is an event or a metric with the attributes it carries.
type signal struct {
	Name             string        `json:"name"`
	Attributes       []requirement `json:"attributes"`
	OpenAIAttributes []requirement `json:"openai_attributes"` // metrics: only when the provider is OpenAI
}

// requirement says at which level an attribute is wanted on a signal.
type requirement struct {
	Key              string `json:"key"`
	Level            string `json:"level"`
	Condition        string `json:"condition"`
	SamplingRelevant bool   `json:"sampling_relevant"`
}

// entity is a description of the process in resource attributes.
type entity struct {
	Type        string        `json:"type"`
	Identity    []requirement `json:"identity"`
	Description []requirement `json:"description"`
}

// parse reads and checks a registry.
func parse(data []byte) (*registry, error) {
	var reg registry
	if err := json.Unmarshal(data, &reg); err != nil {
		return nil, fmt.Errorf("read the registry: %w", err)
	}
	var problems []error
	for _, name := range []string{latest, v141} {
		if reg.Profiles[name].SchemaURL == "" {
			problems = append(problems, fmt.Errorf("profile %s is missing or has no schema_url", name))
		}
	}
	seen := map[string]bool{}
	for _, a := range slices.Concat(reg.Attributes, reg.External) {
		if seen[a.Key] {
			problems = append(problems, fmt.Errorf("%s is defined twice", a.Key))
		}
		seen[a.Key] = true
		if typePhrases[a.Type] == "" {
			problems = append(problems, fmt.Errorf("%s has the unknown type %q", a.Key, a.Type))
		}
	}
	for _, key := range legacyKeys {
		if !seen[key] {
			problems = append(problems, fmt.Errorf("%s is needed for profile %s and not in the registry", key, v141))
		}
	}
	return &reg, errors.Join(problems...)
}

// wanted returns the attributes to generate, sorted by key.
func (r *registry) wanted() []attribute {
	var list []attribute
	for _, a := range r.Attributes {
		if a.in(latest) || a.Deprecated == nil || slices.Contains(legacyKeys, a.Key) {
			list = append(list, a)
		}
	}
	list = append(list, r.External...)
	slices.SortFunc(list, func(a, b attribute) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// profileOf returns the profile that describes where a is used: the latest one
// that has it.
func (r *registry) profileOf(a attribute) profile {
	if a.in(latest) {
		return r.Profiles[latest]
	}
	return r.Profiles[v141]
}

// external reports whether a belongs to the core conventions and not to a profile.
func (a attribute) external() bool { return len(a.In) == 0 }

func (a attribute) in(profile string) bool { return a.external() || slices.Contains(a.In, profile) }

// values returns the enum of a with, for each value, the profile it is limited
// to, or "" when both have it.
func (a attribute) values() (values, limits []string) {
	inLatest, inV141 := a.enumIn(latest), a.enumIn(v141)
	for _, v := range inLatest {
		limit := ""
		if a.in(v141) && !slices.Contains(inV141, v) {
			limit = latest
		}
		values, limits = append(values, v), append(limits, limit)
	}
	for _, v := range inV141 {
		if !slices.Contains(values, v) {
			values, limits = append(values, v), append(limits, v141)
		}
	}
	return values, limits
}

func (a attribute) enumIn(profile string) []string {
	if override, ok := a.EnumOverrides[profile]; ok {
		return override
	}
	return a.Enum
}
