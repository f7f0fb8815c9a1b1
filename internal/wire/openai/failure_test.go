package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func failure(status int, body string) *record.Error {
	return openai.NewChat(new(record.Call)).Failure(status, []byte(body))
}

func TestTheBodyOfAnErrorResponse(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   record.Error
	}{
		"of OpenAI": {
			401, `{"error":{"message":"Incorrect API key.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`,
			record.Error{
				Type: "invalid_api_key", Code: "invalid_api_key", ProviderType: "invalid_request_error", Message: "Incorrect API key.",
			},
		},
		"without a code": {
			400, `{"error":{"message":"No.","type":"invalid_request_error","code":null}}`,
			record.Error{Type: "invalid_request_error", ProviderType: "invalid_request_error", Message: "No."},
		},
		"with a number for a code": { // OpenRouter
			429, `{"error":{"message":"Slow down.","code":429}}`, record.Error{Type: "429", Code: "429", Message: "Slow down."},
		},
		"of Azure, which nests another one": {
			400, `{"error":{"message":"Filtered.","type":null,"code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}`,
			record.Error{Type: "content_filter", Code: "content_filter", Message: "Filtered."},
		},
		"of Mistral, which has it at the top": {
			422, `{"object":"error","message":"Bad.","type":"invalid_request_error","param":null,"code":null}`,
			record.Error{Type: "invalid_request_error", ProviderType: "invalid_request_error", Message: "Bad."},
		},
		"inside, and more at the top": {
			500, `{"message":"outer","code":"outer","error":{"message":"inner","type":"server_error"},"type":"outer"}`,
			record.Error{Type: "server_error", ProviderType: "server_error", Message: "inner"},
		},
		"of Gemini, in a list": {
			400, `[{"error":{"code":400,"message":"Bad.","status":"INVALID_ARGUMENT"}}]`,
			record.Error{Type: "400", Code: "400", Message: "Bad."},
		},
		"a text":              {503, `{"error":"overloaded"}`, record.Error{Type: "503", Message: "overloaded"}},
		"no JSON":             {502, "<html>Bad Gateway \xff</html>", record.Error{Type: "502"}},
		"nothing":             {504, "", record.Error{Type: "504"}},
		"null":                {500, `{"error":null}`, record.Error{Type: "500"}},
		"wrong types":         {500, `{"error":{"message":7,"type":[],"code":{}}}`, record.Error{Type: "500"}},
		"other JSON":          {500, `{"detail":"Not Found"}`, record.Error{Type: "500"}},
		"an empty list":       {500, `[]`, record.Error{Type: "500"}},
		"a list of lists":     {500, `[[{"error":{"code":"no"}}]]`, record.Error{Type: "500"}},
		"no status":           {0, `{}`, record.Error{Type: "_OTHER"}},
		"cut behind the code": {400, `{"error":{"code":"bad","message":"Your pro`, record.Error{Type: "bad", Code: "bad"}},
		"cut in the code":     {400, `{"error":{"code":"ba`, record.Error{Type: "400"}},
		"invalid UTF-8":       {400, "{\"error\":{\"message\":\"\xff\",\"code\":\"\xff\"}}", record.Error{Type: "400", Message: "\uFFFD"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.Status = test.status
			assert.Equal(t, &test.want, failure(test.status, test.body))
		})
	}
}

func TestOnlyWhatLooksLikeAnIdentifierIsOne(t *testing.T) {
	for code, want := range map[string]string{
		`"rate_limit_exceeded"`:             "rate_limit_exceeded",
		`"Some.Code-1"`:                     "Some.Code-1",
		`"` + strings.Repeat("x", 64) + `"`: strings.Repeat("x", 64),
		`429`:                               "429",
		`4.29e2`:                            "429",
		`-1`:                                "-1",
		`""`:                                "",
		`"the prompt 'Hi' is bad"`:          "",
		`"schlüssel"`:                       "",
		`"a/b"`:                             "",
		`"a\u0000b"`:                        "",
		`"` + strings.Repeat("x", 65) + `"`: "",
		`1.5`:                               "",
		`1e300`:                             "",
		`true`:                              "",
		`null`:                              "",
		`["x"]`:                             "",
		`{"x":1}`:                           "",
	} {
		got := failure(400, `{"error":{"code":`+code+`,"type":`+code+`}}`)
		assert.Equal(t, want, got.Code, code)
		assert.Equal(t, want, got.ProviderType, code)
	}
}

func TestAMessageIsCut(t *testing.T) {
	text := strings.Repeat("é", 3000)
	const most = 4096
	want := text[:most] + fmt.Sprintf("…[%d bytes cut]", len(text)-most)
	for name, got := range map[string]*record.Error{
		"of an object": failure(400, `{"error":{"message":"`+text+`"}}`),
		"at the top":   failure(400, `{"message":"`+text+`"}`),
		"of a text":    failure(400, `{"error":"`+text+`"}`),
	} {
		assert.Equal(t, want, got.Message, name)
	}
	call, _ := told(`{"error":{"message":"` + text + `"}}`)
	assert.Equal(t, want, call.Error.Message)
	call, _ = streamed(`{"error":"` + text + `"}`)
	assert.Equal(t, want, call.Error.Message)
}
