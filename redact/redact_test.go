package redact_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/redact"
)

// The keys here are made up; each is taken apart, so that no scanner of repositories
// takes it for a leak.
const tail = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d"

func TestWhatLooksLikeASecretIsReplacedByItsName(t *testing.T) {
	for text, want := range map[string]string{
		// E-mail
		"Write to ann.lee+news@mail.example.co.uk, please.": "Write to [email], please.",
		"<bob@example.com>":          "<[email]>",
		"mailto:bob@example.com.":    "mailto:[email].",
		"ü.müller@bücher.example":    "[email]",
		"a@b.cd@e.fg":                "[email]@e.fg",
		"x@example.com y@example.io": "[email] [email]",
		// Cards: numbers that their makers publish for tests
		"4111 1111 1111 1111":           "[card]",
		"4111-1111-1111-1111, 12/27":    "[card], 12/27",
		"Card 378282246310005 exp 0927": "Card [card] exp 0927",
		"4111 1111 1111 1111 12 27":     "[card] 12 27",
		"order 77 5555 5555 5555 4444":  "order 77 [card]",
		`{"number":"6011111111111117"}`: `{"number":"[card]"}`,
		"4222222222222":                 "[card]",
		// Accounts: the examples of the registry of ISO 13616
		"IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFF": "IBAN: [iban] BIC COBADEFF",
		"GB29NWBK60161331926819":                         "[iban]",
		"NO9386011117947.":                               "[iban].",
		"MT84MALT011000012345MTLCAST001S":                "[iban]",
		// Keys
		"key sk-proj-" + tail:               "key [key]",
		"sk-ant-api03-" + tail + "-" + tail: "[key]",
		"LANGSMITH_API_KEY=lsv2_pt_" + tail: "LANGSMITH_API_KEY=[key]",
		"gsk_" + tail + ".":                 "[key].",
		"AKIA" + "IOSFODNN7EXAMPLE":         "[key]",
		"AIza" + tail[:35]:                  "[key]",
		"Bearer ghp_" + tail:                "Bearer [key]",
		"hf_" + tail + " xai-" + tail:       "[key] [key]",
		// Tokens
		"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_DEF":                    "Bearer [jwt]",
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.":                                    "[jwt]",
		"-----BEGIN " + "PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nmore": "[pem]\nmore",
		"cut: -----BEGIN " + "RSA PRIVATE KEY-----\nMIIE":                         "cut: [pem]",
		// Addresses
		"from 192.168.1.17:8080 to 10.0.0.1.": "from [ip] to [ip].",
		"2001:db8::1, fe80::1 and 2001:DB8::": "[ip], [ip] and [ip]",
		"::ffff:203.0.113.9":                  "[ip]",
		"https://203.0.113.9/x":               "https://[ip]/x",
	} {
		got, err := redact.New(redact.All()...)(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, text := range []string{
		"", "Plain text, and more of it.", "a@b", "@example.com", "user@localhost", "user@.com", "a@b.1", "a@b-.c", "x @ example.com",
		"4111 1111 1111 1112", "4111111111111111a", "x4111111111111111", "0.4111111111111111", "1234567890123456", "4111  1111 1111 1111",
		"41111111111111111111111111", "call +1 555 010 9999", "9999999999999995",
		"DE89 3704 0044 0532 0130 02", "DE89", "XDE89370400440532013000", "DE89370400440532013000X", "de89370400440532013000",
		"sk-", "sk-short", "task-" + tail, "risk-assessment-of-the-longest-kind", "AIza",
		"eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "eyJhbGciOiJIUzI1NiJ9.x.y", "BEGIN PRIVATE KEY",
		"127.0.0.1:8080", "::1", "::", "0.0.0.0", "1.2.3", "1.2.3.4.5", "256.1.1.1", "12:30:45", "2026-11-21T12:30:45Z", "std::vector", "v1.2.3.4a",
		"deadbeef", "ab:cd", "1:2:3:4:5:6:7:8:9", "…", "\xff\xfe",
	} {
		got, err := redact.New(redact.All()...)(text)
		require.NoError(t, err)
		assert.Equal(t, text, got)
	}
}

func TestOnlyTheDetectorsThatWereGivenFindAnything(t *testing.T) {
	const text = "bob@example.com at 10.0.0.1"
	for want, detectors := range map[string][]redact.Detector{
		text:                      nil,
		"[email] at 10.0.0.1":     {redact.Email()},
		"bob@example.com at [ip]": {redact.IP()},
		"[email] at [ip]":         {redact.IP(), redact.Email()},
	} {
		got, err := redact.New(detectors...)(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	assert.Equal(t, "email", redact.Email().String())
}

func TestWhereTwoFindTheSamePlaceTheFirstNamesIt(t *testing.T) {
	const text = "sk-" + "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"
	got, err := redact.New(redact.Key(), redact.JWT())(text)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(got, "[key]"), got)
}

// evil are texts that make a careless search take quadratic time.
func evil(size int) []string {
	var texts []string
	for _, part := range []string{
		"@", "a@", "a.", "a@a.", "4", "4 ", "4-", "DE89", "DE89 3704 ", "sk-", "eyJ", "eyJ-", "eyJ.eyJ", "-----BEGIN ", "1.", "1:", "::", "a:", ".",
	} {
		texts = append(texts, strings.Repeat(part, size/len(part)))
	}
	return append(texts, overlapping(size)...)
}

// overlapping are texts in which the place of one detector begins over and over within
// that of another, which reaches to the end of the text or looks that far.
func overlapping(size int) []string {
	var texts []string
	for _, part := range []string{
		"DE89370400440532013000.", "4111111111111111.", "10.0.0.1+", "sk-" + tail[:24] + ".", "eyJ0.eyJ0.x~",
		"sk-" + tail[:24] + "-----BEGIN ", "x@example.com.-----BEGIN ", "DE89370400440532013000-sk-", "a@b.eyJ.eyJ_.",
	} {
		texts = append(texts, strings.Repeat(part, size/len(part))+"@example.com")
	}
	return texts
}

// With work that grows with the square of the text, this takes hours.
func TestALongTextOfOverlappingPlacesIsRedacted(t *testing.T) {
	for _, text := range append(overlapping(4<<20), strings.Repeat("sk-", 4<<20/3)) {
		got, err := redact.New(redact.All()...)(text)
		require.NoError(t, err)
		assert.False(t, strings.HasSuffix(got, "@example.com"), text[:40])
	}
}

func TestOnePlaceInAnotherLeavesNoRemainder(t *testing.T) {
	for text, want := range map[string]string{
		"DE89370400440532013000.x@example.com":                 "[iban]",
		"sk-" + tail + "@example.com":                          "[key]",
		"x.sk-" + tail[:24] + "@example.com":                   "[email]",
		"sk-" + tail + "-----BEGIN " + "PRIVATE KEY-----\nMII": "[key]",
	} {
		got, err := redact.New(redact.All()...)(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestASecretIsFoundBesideCharactersBeyondASCII(t *testing.T) {
	for text, want := range map[string]string{
		"“sk-" + tail + "”":                  "“[key]”",
		"密钥：sk-" + tail + "。":                "密钥：[key]。",
		"卡号4111111111111111。":                "卡号[card]。",
		"–4111 1111 1111 1111–":              "–[card]–",
		"4111\u00a01111\u00a01111\u00a01111": "[card]",
		"DE89\u00a03704 0044 0532 0130 00":   "[iban]",
		"账户DE89370400440532013000，":          "账户[iban]，",
		"“10.0.0.1”":                         "“[ip]”",
		"地址10.0.0.1。":                        "地址[ip]。",
		"请联系bob@example.com，谢谢。我住在北京。":       "请联系[email]，谢谢。我住在北京。",
		"请联系bob@example.com谢谢。":              "请联系[email]谢谢。",
		"«bob@example.com»—":                 "«[email]»—",
		"bob@例子.公司。":                         "[email]。",
		"bob@xn--e1afmkfd.xn--p1ai":          "[email]",
		"иван@пример.рф":                     "[email]",
	} {
		got, err := redact.New(redact.All()...)(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestOfALongerLocalPartTheLastPartIsTaken(t *testing.T) {
	got, err := redact.New(redact.Email())(strings.Repeat("a", 100) + "@example.com")
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("a", 36)+"[email]", got)
	text := "x@" + strings.Repeat("a", 300) + ".com"
	got, err = redact.New(redact.Email())(text)
	require.NoError(t, err)
	assert.Equal(t, text, got, "no domain has so many")
}

func TestAnAddressIsFoundBehindALabel(t *testing.T) {
	for text, want := range map[string]string{
		"ip:10.0.0.1":             "ip:[ip]",
		"node:10.0.0.1:8080":      "node:[ip]",
		"face:10.0.0.1.":          "face:[ip].",
		"addr:2001:db8::1":        "addr:[ip]",
		"node:2001:db8::1":        "node:[ip]",
		"...10.0.0.1":             "...[ip]",
		"std::abc::def":           "std::abc::def",
		"at:12:30:45":             "at:12:30:45",
		"node:127.0.0.1":          "node:127.0.0.1",
		"x:1.2.3.4.5 1:2.3.4.5.6": "x:1.2.3.4.5 1:2.3.4.5.6",
	} {
		got, err := redact.New(redact.All()...)(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestAKeyIsToldFromANameThatBeginsLikeOne(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef"
	letters := strings.Repeat("aBcDeFg", 5)[:34]
	for _, key := range []string{
		"sk-" + hex, "sk-or-v1-" + hex + hex, "sk-lf-12345678-1234-1234-1234-123456789abc", "hf_" + letters,
		"lsv2_sk_" + hex + "_0123456789", "ghr_" + tail[:36], "npm_" + tail[:36], "GOCSPX-" + tail[:28], "ya29.a0" + tail + "-" + tail,
		"SG." + tail[:22] + "." + tail, "sk_" + "test_" + tail[:24], "xapp-" + "1-A0-1-" + hex, "ASIA" + "QWERTYUIOPASDFGH", "fw_" + tail[:22],
	} {
		got, err := redact.New(redact.Key())("a " + key + ".")
		require.NoError(t, err)
		assert.Equal(t, "a [key].", got, key)
	}
	for _, name := range []string{
		"hf_transformers_library_name_long", "fw_configuration_manager_default", "xai-explainability-in-practice-2024",
		"sk-learn-contrib-imbalanced-learn", "sk-SK-locale-translation-file.json", "r8_abcdefghijklmnopqrst",
		"ASIA_PACIFIC_REGION_CONFIGURATION", "npm_config_registry_override_of_2024", "SG.com.example.package.of.2024.name",
		"gsk_ConfigurationManagerDefault",
	} {
		got, err := redact.New(redact.All()...)(name)
		require.NoError(t, err)
		assert.Equal(t, name, got)
	}
}

func FuzzRedact(f *testing.F) {
	for _, seed := range append(evil(200), "bob@example.com 4111 1111 1111 1111 DE89370400440532013000 10.0.0.1", "\xff@\xff.ab") {
		f.Add(seed)
	}
	all := redact.New(redact.All()...)
	f.Fuzz(func(t *testing.T, text string) {
		once, err := all(text)
		require.NoError(t, err)
		twice, err := all(once)
		require.NoError(t, err)
		if strings.Count(once, "[") == strings.Count(text, "[") {
			require.Equal(t, text, once, "what is not replaced is not changed")
		}
		// Whatever a detector finds alone is gone: nothing is left for it.
		for _, detector := range redact.All() {
			label := "[" + detector.String() + "]"
			require.LessOrEqual(t, strings.Count(once, label), strings.Count(twice, label))
		}
		embedded, err := all("bob@example.com\n" + text)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(embedded, "[email]\n"), embedded)
	})
}

func BenchmarkRedact(b *testing.B) {
	prose, err := os.ReadFile("../README.md")
	if err != nil {
		b.Skip(err)
	}
	texts := map[string]string{"prose": strings.Repeat(string(prose), 1+(200<<10)/len(prose))[:200<<10]}
	for i, text := range evil(200 << 10) {
		texts["evil "+string(rune('a'+i))] = text
	}
	all := redact.New(redact.All()...)
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := all(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
