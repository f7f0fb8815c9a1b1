package redaction_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/otelgenai/record"
)

const secret = "MARKER"

func removed(text string) (string, error) { return strings.ReplaceAll(text, secret, "[removed]"), nil }

// full is a record with the secret in every text that its types have room for, those of
// tomorrow included.
func full() *record.Call {
	var c record.Call
	fill(reflect.ValueOf(&c).Elem())
	return &c
}

// parts are all kinds of parts of a message.
var parts = []record.Part{
	record.Text{},
	record.Reasoning{},
	record.Refusal{},
	record.ToolCall{},
	record.ToolResult{},
	record.ServerToolCall{},
	record.ServerToolResult{},
	record.Image{},
	record.Audio{},
	record.File{},
	record.Generic{},
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(secret)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field)
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]record.Part]() {
			v.Set(reflect.ValueOf(filledParts()))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 4))
		for i := range v.Len() {
			fill(v.Index(i))
		}
	default:
	}
}

func filledParts() []record.Part {
	all := make([]record.Part, len(parts))
	for i, part := range parts {
		filled := reflect.New(reflect.TypeOf(part)).Elem()
		fill(filled)
		all[i], _ = reflect.TypeAssert[record.Part](filled)
	}
	return all
}

// left returns the places of a record that hold the secret, each once.
func left(t *testing.T, c *record.Call) map[string]bool {
	t.Helper()
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(text, &tree))
	places := map[string]bool{}
	walk(tree, "", places)
	return places
}

func walk(node any, place string, places map[string]bool) {
	switch node := node.(type) {
	case string:
		if strings.Contains(node, secret) {
			places[place] = true
		}
	case []any:
		for _, element := range node {
			walk(element, place, places)
		}
	case map[string]any:
		for name, member := range node {
			walk(member, strings.TrimPrefix(place+"."+name, "."), places)
		}
	}
}

// identifiers are what no redactor gets, as the comment of otelgenai.Redactor says.
var identifiers = []string{
	"Operation", "Provider", "API", "Server.Address", "Agent.ID",
	"Request.Model", "Request.ReasoningLevel", "Request.OutputType", "Request.ServiceTier", "Request.EncodingFormats",
	"Request.Options.Name", "Request.Options.Value", "Request.PreviousResponseID", "Request.ConversationID",
	"Request.StreamCursor", "Request.PromptName", "Request.PromptVersion",
	"Response.ID", "Response.Model", "Response.ServiceTier", "Response.SystemFingerprint", "Response.Status",
	"Response.Choices.FinishReason", "Response.Choices.Message.Role", "Response.Moderations.Categories",
	"Gateway.Name", "Gateway.CallID", "Gateway.Provider", "Gateway.Facts.Name", "Retrieval.DataSource",
	"Error.Type", "Error.Code", "Error.ProviderType", "Error.RequestID",
	"Step.Function", "Step.Workflow", "Step.Tool.Name", "Step.Tool.Type", "Step.Tool.CallID",
	"Step.Memory.StoreID", "Step.Memory.RecordID",
}

// contentIdentifiers are those that go when content does.
var contentIdentifiers = []string{
	"Request.PromptVariables.Name", "Request.Tools.Type", "Request.Tools.Name", "Request.Messages.Role", "Retrieval.Documents.ID",
}

func partIdentifiers(of string) (places []string) {
	for _, name := range []string{"ID", "Name", "Type", "MIMEType", "FileID", "Blob.SHA256", "Detail", "Field"} {
		places = append(places, of+"."+name)
	}
	return places
}

func places(lists ...[]string) map[string]bool {
	all := map[string]bool{}
	for _, list := range lists {
		for _, place := range list {
			all[place] = true
		}
	}
	return all
}

func TestOfACopyOnlyIdentifiersAreNotRedacted(t *testing.T) {
	want := places(identifiers, contentIdentifiers, []string{"Content.Withheld"},
		partIdentifiers("Request.System"), partIdentifiers("Request.Messages.Parts"), partIdentifiers("Response.Choices.Message.Parts"))
	assert.Equal(t, want, left(t, redaction.Call(full(), removed)))
}

func TestARecordThatOthersHoldStaysAsItIs(t *testing.T) {
	failing := func(string) (string, error) { return "", errors.New("cannot judge") }
	for name, redact := range map[string]redaction.Func{"redacted": removed, "withheld": failing} {
		t.Run(name, func(t *testing.T) {
			reports(t)
			shared := full()
			redaction.Call(shared, redact)
			assert.Equal(t, full(), shared)
		})
	}
}

func TestACopyOfWhichARedactorFailsKeepsIdentifiersOnly(t *testing.T) {
	for name, redact := range map[string]redaction.Func{
		"error": func(string) (string, error) { return "", errors.New("cannot judge " + secret) },
		"panic": func(string) (string, error) { panic("cannot judge " + secret) },
	} {
		t.Run(name, func(t *testing.T) {
			told := reports(t)
			c := redaction.Call(full(), redact)
			assert.Equal(t, "redactor_error", c.Content.Withheld)
			assert.Equal(t, places(identifiers), left(t, c))
			require.NotEmpty(t, *told)
			for _, report := range *told {
				assert.Contains(t, report, "redactor failed")
				assert.NotContains(t, report, secret)
			}
		})
	}
}

func TestAHandlerThatPanicsOnAReportHarmsNobody(t *testing.T) {
	reports(t)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { panic("handler") }))
	assert.NotPanics(t, func() { redaction.Report(errors.New("redactor")) })
}

func TestAfterAFailureARedactorIsNotCalledAgain(t *testing.T) {
	calls := 0
	pass := redaction.NewPass(func(string) (string, error) {
		calls++
		return "", errors.New("cannot judge")
	})
	pass.Text("one")
	pass.Text("two")
	pass.Text(`{"a":"three"}`)
	assert.Equal(t, 1, calls)
	assert.Error(t, pass.Err())
}

// reports collects what OpenTelemetry's error handler is told.
func reports(t *testing.T) *[]string {
	t.Helper()
	var all []string
	before := otel.GetErrorHandler()
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { all = append(all, err.Error()) }))
	return &all
}
