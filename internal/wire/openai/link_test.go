package openai_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// linked renders the content of exchanges that have an address, by where it stands.
func linked(address string) map[string]string {
	link := quoted(address)
	user := func(part string) string { return `[{"role":"user","content":[` + part + `]}]` }
	none := func(exchange func(*record.Call) wire.Exchange, request string) string {
		return contentOf(exchange, request, `{}`)
	}
	answer := func(item string) string {
		return contentOf(responses, `{}`, `{"id":"r","status":"completed","output":[`+item+`]}`)
	}
	return map[string]string{
		"chat, image":     none(chats, `{"messages":`+user(`{"type":"image_url","image_url":{"url":`+link+`}}`)+`}`),
		"chat, short":     none(chats, `{"messages":`+user(`{"type":"image_url","image_url":`+link+`}`)+`}`),
		"chat, video":     none(chats, `{"messages":`+user(`{"type":"video_url","video_url":{"url":`+link+`}}`)+`}`),
		"chat, unknown":   none(chats, `{"messages":`+user(`{"type":"x","list":[`+link+`]}`)+`}`),
		"chat, blanks":    none(chats, `{"messages":`+user(`{"type":"x","url":`+quoted(" "+address+"\n")+`}`)+`}`),
		"responses, file": none(responses, `{"input":`+user(`{"type":"input_file","file_url":`+link+`}`)+`}`),
		"responses, image": none(responses,
			`{"input":`+user(`{"type":"input_image","image_url":`+link+`}`)+`}`),
		"moderation": contentOf(moderations,
			`{"input":[{"type":"image_url","image_url":{"url":`+link+`}}]}`, `{"results":[{}]}`),
		"run":    none(runs, `{"additional_messages":`+user(`{"type":"image_url","image_url":{"url":`+link+`}}`)+`}`),
		"images": contentOf(drawings, `{"prompt":"x"}`, `{"data":[{"url":`+link+`}]}`),
		"code interpreter": answer(`{"type":"code_interpreter_call","id":"c","code":"x",` +
			`"outputs":[{"type":"image","url":` + link + `}]}`),
		"source": answer(`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x",` +
			`"annotations":[{"type":"url_citation","url":` + link + `}]}]}`),
	}
}

func TestAnAddressLosesItsSecretsWhereverItStands(t *testing.T) {
	for name, address := range map[string]string{
		"Azure":       "https://acct.blob.core.windows.net/p.png?sv=2024&sig=SECRET%3D&se=2026",
		"capitals":    "https://h/p.png?se=1&SIG=SECRET",
		"Amazon":      "https://b.s3.amazonaws.com/p.png?X-Amz-Credential=AKIA&X-Amz-Signature=SECRET",
		"Alibaba":     "https://h/p.png?OSSAccessKeyId=A&security-token=SECRET",
		"CloudFront":  "https://d.cloudfront.net/p.png?Policy=SECRET&Key-Pair-Id=K",
		"key":         "https://h/p.png?api_key=SECRET",
		"unknown":     "https://h/p.png?alt=media&hdnts=SECRET",
		"semicolon":   "https://h/p.png?id=5;sig=SECRET",
		"question":    "https://h/p.png?id=5?sig=SECRET",
		"fragment":    "https://h/p.png#access_token=SECRET",
		"user":        "https://ann:SECRET@h/p.png",
		"user with @": "https://ann@h:SECRET@h/p.png",
		"no path":     "https://:SECRET@h?id=5",
		"long id":     "https://h/p.png?id=SECRET4f1c2a5be09d7786",
	} {
		for place, got := range linked(address) {
			require.NotContains(t, got, "SECRET", "%s, %s", name, place)
		}
	}
}

func TestAnAddressKeepsWhatIsNoSecret(t *testing.T) {
	for address, want := range map[string]string{
		"https://h/p.png?id=5":                     "https://h/p.png?id=5",
		"https://h/@ann/p.png?w=100&h=50":          "https://h/@ann/p.png?w=100&h=50",
		"https://h/article?utm_source=chatgpt.com": "https://h/article?utm_source=chatgpt.com",
		"https://ann:pw@h:8080/p.png?w=1&key=k#x":  "https://h:8080/p.png",
		"gs://bucket/p.png":                        "gs://bucket/p.png",
	} {
		for place, got := range linked(address) {
			assert.Contains(t, got, want, place)
		}
	}
}

func TestTextThatMentionsAnAddressIsKept(t *testing.T) {
	text := "See https://h/p?key=1 and https://i/#x"
	got := contentOf(chats, `{"messages":[{"role":"user","content":[{"type":"x","y":`+quoted(text)+`}]}]}`, `{}`)
	assert.Contains(t, got, text)
}
