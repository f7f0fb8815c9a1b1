package openaiv3test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/azure"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// detour sends requests for any host to the provider on loopback.
type detour struct {
	to   *url.URL
	base http.RoundTripper
}

func (d detour) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Host = req.URL.Host
	req.URL.Scheme, req.URL.Host = d.to.Scheme, d.to.Host
	return d.base.RoundTrip(req)
}

func TestAzureIsTracedWhereverItsOptionsStand(t *testing.T) {
	for name, place := range map[string]func(traced, endpoint option.RequestOption) []option.RequestOption{
		"before": func(traced, endpoint option.RequestOption) []option.RequestOption {
			return []option.RequestOption{traced, endpoint}
		},
		"after": func(traced, endpoint option.RequestOption) []option.RequestOption {
			return []option.RequestOption{endpoint, traced}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := clienttest.NewProvider(t)
			to, err := url.Parse(p.URL)
			require.NoError(t, err)
			spans := clienttest.Compare(t, p, []http.HandlerFunc{
				clienttest.Refuse(http.StatusTooManyRequests, "slow_down"), clienttest.JSON(clienttest.Completion),
				clienttest.Stream(clienttest.Chunks...), clienttest.JSON(clienttest.Embedding),
				clienttest.Refuse(http.StatusNotFound, "DeploymentNotFound"),
			}, func(t *testing.T, tracing []otelgenai.Option) any {
				t.Helper()
				opts := []option.RequestOption{azure.WithEndpoint("https://weather.openai.azure.com", "2024-10-21")}
				if tracing != nil {
					opts = place(otelopenai.WithTracing(tracing...), opts[0])
				}
				opts = append(opts, azure.WithAPIKey("secret"),
					option.WithHTTPClient(&http.Client{Transport: detour{to, p.Client.Transport}}))
				client := newClient(openai.NewClient(opts...))
				chat, err := client.Chat(t.Context(), nil)
				require.NoError(t, err)
				got := []string{chat}
				require.NoError(t, client.ChatStream(t.Context(), nil, func(event string) bool {
					got = append(got, event)
					return true
				}))
				embedding, err := client.Embed(t.Context(), nil)
				require.NoError(t, err)
				_, err = client.Chat(t.Context(), nil)
				return []any{append(got, embedding), refusal(err)}
			})
			for _, asked := range p.Asked() {
				assert.Contains(t, asked, "/openai/deployments/gpt-4o-mini/")
				assert.Contains(t, asked, "weather.openai.azure.com")
			}
			calls := spans.Calls()
			require.Len(t, calls, 4)
			for i, want := range []string{"chat gpt-4o-mini", "chat gpt-4o-mini", "embeddings gpt-4o-mini", "chat gpt-4o-mini"} {
				assert.Equal(t, want, calls[i].Name())
				assert.Equal(t, "azure.ai.openai", clienttest.Attr(calls[i], "gen_ai.provider.name"))
				assert.Equal(t, "weather.openai.azure.com", clienttest.Attr(calls[i], "server.address"))
			}
			assert.Equal(t, int64(1), clienttest.Attr(calls[0], "http.request.resend_count"))
			assert.Equal(t, "DeploymentNotFound", clienttest.Attr(calls[3], "error.type"))
		})
	}
}
