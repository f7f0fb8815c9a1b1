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
			record.Error{
				Type: "content_filter", Code: "content_filter", ProviderType: "ResponsibleAIPolicyViolation", Message: "Filtered.",
			},
		},
		"of Azure's gateway": {
			401, `{"statusCode":401,"message":"Access denied."}`, record.Error{Type: "401", Message: "Access denied."},
		},
		"of Azure, with the status for a code": {
			401, `{"error":{"code":"401","message":"Access denied."}}`, record.Error{Type: "401", Code: "401", Message: "Access denied."},
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
			record.Error{Type: "INVALID_ARGUMENT", Code: "400", ProviderType: "INVALID_ARGUMENT", Message: "Bad."},
		},
		"of Gemini, alone": {
			429, `{"error":{"code":429,"message":"Slow down.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"}]}}`,
			record.Error{Type: "RESOURCE_EXHAUSTED", Code: "429", ProviderType: "RESOURCE_EXHAUSTED", Message: "Slow down."},
		},
		"with a status that is only a word": {
			400, `{"status":"error","message":"Bad."}`, record.Error{Type: "400", Message: "Bad."},
		},
		"of vLLM, with the status for a code": {
			404, `{"error":{"message":"No such model.","type":"NotFoundError","param":"model","code":404}}`,
			record.Error{Type: "NotFoundError", Code: "404", ProviderType: "NotFoundError", Message: "No such model."},
		},
		"of vLLM, as it was": {
			400, `{"object":"error","message":"Too long.","type":"BadRequestError","param":null,"code":400}`,
			record.Error{Type: "BadRequestError", Code: "400", ProviderType: "BadRequestError", Message: "Too long."},
		},
		"of LiteLLM, which writes None": {
			400, `{"error":{"message":"Bad.","type":"None","param":"None","code":"400"}}`,
			record.Error{Type: "400", Code: "400", Message: "Bad."},
		},
		"of LiteLLM, with a type": {
			429, `{"error":{"message":"Slow down.","type":"throttling_error","param":null,"code":"429"}}`,
			record.Error{Type: "throttling_error", Code: "429", ProviderType: "throttling_error", Message: "Slow down."},
		},
		"of OpenRouter, with what the provider said": {
			502, `{"error":{"code":502,"message":"Provider returned error","metadata":{"provider_name":"P","raw":"{\"error\":\"full\"}"}},"user_id":"u"}`,
			record.Error{Type: "502", Code: "502", Message: `Provider returned error: {"error":"full"}`},
		},
		"of OpenRouter, with what the provider sent": {
			502, `{"error":{"metadata":{"raw":{"error":"full"}},"code":502}}`, record.Error{Type: "502", Code: "502", Message: `{"error":"full"}`},
		},
		"of OpenRouter, with a moderator's reasons": {
			403, `{"error":{"code":403,"message":"Flagged.","metadata":{"reasons":["x"],"flagged_input":"hi"}}}`,
			record.Error{Type: "403", Code: "403", Message: "Flagged."},
		},
		"of Groq, with what the model wrote": {
			400, `{"error":{"message":"Failed to call a function.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<f>"}}`,
			record.Error{
				Type: "tool_use_failed", Code: "tool_use_failed", ProviderType: "invalid_request_error", Message: "Failed to call a function.",
			},
		},
		"of FastAPI": {404, `{"detail":"Not Found"}`, record.Error{Type: "404", Message: "Not Found"}},
		"of FastAPI, with a list of problems": {
			422, `{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required","input":{"messages":"SECRET"}},{"msg":"Too short"},7,{}]}`,
			record.Error{Type: "422", Message: "Field required; Too short"},
		},
		"of Mistral, with a list of problems": {
			422, `{"object":"error","message":{"detail":[{"type":"extra_forbidden","msg":"Extra inputs are not permitted","input":"SECRET"}]},` +
				`"type":"invalid_request_error","param":null,"code":null,"raw_status_code":422}`,
			record.Error{
				Type: "invalid_request_error", ProviderType: "invalid_request_error", Message: "Extra inputs are not permitted",
			},
		},
		"with a message and a detail": {400, `{"message":"Bad.","detail":"More."}`, record.Error{Type: "400", Message: "Bad."}},
		"of Cerebras": {
			401, `{"message":"Wrong key.","type":"invalid_request_error","param":"api_key","code":"wrong_api_key"}`,
			record.Error{Type: "wrong_api_key", Code: "wrong_api_key", ProviderType: "invalid_request_error", Message: "Wrong key."},
		},
		"of Hugging Face": {
			422, `{"error":"Input validation error","error_type":"validation"}`,
			record.Error{Type: "validation", ProviderType: "validation", Message: "Input validation error"},
		},
		"of Cloudflare": {
			401, `{"success":false,"result":[],"errors":[{"code":10000,"message":"Authentication error"},{"code":1,"message":"no"}]}`,
			record.Error{Type: "10000", Code: "10000", Message: "Authentication error"},
		},
		"of Cloudflare's gateway": {
			400, `{"success":false,"messages":[],"error":[{"code":2005,"message":"Bad."}]}`,
			record.Error{Type: "2005", Code: "2005", Message: "Bad."},
		},
		"of watsonx": {
			404, `{"errors":[{"code":"model_not_supported","message":"No."}],"trace":"t","status_code":404}`,
			record.Error{Type: "model_not_supported", Code: "model_not_supported", Message: "No."},
		},
		"of Databricks": {
			400, `{"error_code":"BAD_REQUEST","message":"Bad."}`, record.Error{Type: "BAD_REQUEST", Code: "BAD_REQUEST", Message: "Bad."},
		},
		"of xAI, with a sentence for a code": {
			403, `{"code":"The caller does not have permission","error":"No credits."}`, record.Error{Type: "403", Message: "No credits."},
		},
		"of DashScope": {
			401, `{"code":"InvalidApiKey","message":"Invalid.","request_id":"r"}`,
			record.Error{Type: "InvalidApiKey", Code: "InvalidApiKey", Message: "Invalid."},
		},
		"a list of nothing":    {400, `{"errors":[],"message":"Bad."}`, record.Error{Type: "400", Message: "Bad."}},
		"a text and no object": {401, `"Invalid token"`, record.Error{Type: "401", Message: "Invalid token"}},
		"a text":               {503, `{"error":"overloaded"}`, record.Error{Type: "503", Message: "overloaded"}},
		"no JSON":              {502, "<html>Bad Gateway \xff</html>", record.Error{Type: "502"}},
		"nothing":              {504, "", record.Error{Type: "504"}},
		"null":                 {500, `{"error":null}`, record.Error{Type: "500"}},
		"wrong types":          {500, `{"error":{"message":7,"type":[],"code":{}}}`, record.Error{Type: "500"}},
		"other JSON":           {500, `{"reason":"Not Found"}`, record.Error{Type: "500"}},
		"an empty list":        {500, `[]`, record.Error{Type: "500"}},
		"a list of lists":      {500, `[[{"error":{"code":"no"}}]]`, record.Error{Type: "500"}},
		"no status":            {0, `{}`, record.Error{Type: "_OTHER"}},
		"cut behind the code":  {400, `{"error":{"code":"bad","message":"Your pro`, record.Error{Type: "bad", Code: "bad"}},
		"cut in the code":      {400, `{"error":{"code":"ba`, record.Error{Type: "400"}},
		"invalid UTF-8":        {400, "{\"error\":{\"message\":\"\xff\",\"code\":\"\xff\"}}", record.Error{Type: "400", Message: "\uFFFD"}},
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

func TestACodeThatRepeatsTheStatusSaysLessThanAType(t *testing.T) {
	for code, want := range map[string]string{"404": "kind", "0404": "0404", "403": "403", "40": "40", "bad": "bad"} {
		got := failure(404, `{"error":{"code":"`+code+`","type":"kind"}}`)
		assert.Equal(t, want, got.Type, code)
		assert.Equal(t, code, got.Code)
	}
	call, _ := streamed(`{"error":{"code":429,"type":"kind"}}`)
	assert.Equal(t, "429", call.Error.Type, "the status was 200")
}

func TestAMessageWithWhatAnUpstreamSaidIsCut(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for name, body := range map[string]string{
		"of a router":   `{"error":{"message":"` + long + `","metadata":{"raw":"` + long + `"}}}`,
		"of many parts": `{"detail":[{"msg":"` + long + `"},{"msg":"` + long + `"},{"msg":"` + long + `"}]}`,
	} {
		got := failure(400, body).Message
		assert.Greater(t, len(got), 4000, name)
		assert.LessOrEqual(t, len(got), 4200, name)
		assert.Contains(t, got, "bytes cut]", name)
	}
}

func TestEveryFormOfAnErrorInsideAResponseWithStatus200(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want record.Error
	}{
		"an object": {
			`{"error":{"message":"Down.","code":502}}`, record.Error{Type: "502", Code: "502", Message: "Down."},
		},
		"a text": {`{"error":"down"}`, record.Error{Type: "_OTHER", Message: "down"}},
		"a list": {`{"error":[{"code":2005,"message":"Bad."}]}`, record.Error{Type: "2005", Code: "2005", Message: "Bad."}},
		"of Azure, for a prompt that was filtered": {
			`{"error":{"message":"Filtered.","type":null,"code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation",` +
				`"content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}`,
			record.Error{
				Type: "content_filter", Code: "content_filter", ProviderType: "ResponsibleAIPolicyViolation", Message: "Filtered.",
			},
		},
		"a document that is an error": {
			`{"object":"error","message":"Too long.","type":"BadRequestError","param":null,"code":400}`,
			record.Error{Type: "400", Code: "400", ProviderType: "BadRequestError", Message: "Too long."},
		},
		"a document that is an error, said last": {
			`{"message":"Too long.","object":"error"}`, record.Error{Type: "_OTHER", Message: "Too long."},
		},
		"of a choice": {
			`{"choices":[{"index":0,"error":{"code":502,"message":"Down."},"finish_reason":"error"}]}`,
			record.Error{Type: "502", Code: "502", Message: "Down."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := told(test.body)
			assert.Equal(t, &test.want, call.Error)
			call, _ = streamed(`{"choices":[{"index":0,"delta":{"content":"kept"}}]}`, test.body)
			assert.Equal(t, &test.want, call.Error)
			assert.Equal(t, "kept", textOf(call.Response.Choices[0].Message))
		})
	}
	for _, body := range []string{
		`{"error":null,"choices":[]}`, `{"error":"","choices":[]}`, `{"error":[],"choices":[]}`, `{"error":[7,"x"]}`, `{"object":"list"}`,
		`{"choices":[{"error":null}]}`, `{"object":["error"]}`, `{"error":7}`,
	} {
		call, _ := told(body)
		assert.Nil(t, call.Error, body)
		call, _ = streamed(body)
		assert.Nil(t, call.Error, body)
	}
}

func TestWhatNamesOneRequestOrAKeyIsNoKindOfError(t *testing.T) {
	for _, code := range []string{
		`1732190400123`, `100000`, `-123456`, `"1732190400123"`, `"req_7f3a9b2c"`, `"req_abc"`, `"7f3a9b2c"`, `"err-7f3a9b2c"`,
		`"sk-proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d"`, `"sk-abcdefgh"`, `"550e8400-e29b-41d4-a716-446655440000"`,
		`"01ARZ3NDEKTSV4RRFFQ69G5FAV"`,
	} {
		for _, body := range []string{
			`{"error":{"code":` + code + `}}`, `{"error":{"type":` + code + `}}`, `{"error":{"innererror":{"code":` + code + `}}}`,
		} {
			assert.Equal(t, &record.Error{Type: "400", Status: 400}, failure(400, body), body)
		}
		got := failure(400, `{"error":{"code":`+code+`,"type":"invalid_request_error"}}`)
		assert.Equal(t, &record.Error{Type: "invalid_request_error", ProviderType: "invalid_request_error", Status: 400}, got, code)
	}
	for _, code := range []string{
		"429", "10000", "-1", "invalid_api_key", "ResponsibleAIPolicyViolation", "DeploymentNotFound", "Arrearage", "InvalidParameter",
		"http_500", "E1002", "invalid_base64_image", "unsupported_sha256", "Error429TooManyRequests", "model.gpt4o", "HTTP404", "BAD_REQUEST",
	} {
		assert.Equal(t, code, failure(400, `{"error":{"code":"`+code+`"}}`).Type)
	}
}
