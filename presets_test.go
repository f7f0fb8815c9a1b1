package genotel

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/export"
)

func TestABackendIsSentWhatItsDocumentationAsksFor(t *testing.T) {
	for name, test := range map[string]struct {
		backend OTLP
		url     string
		headers map[string]string
	}{
		"langfuse": {
			Langfuse("https://cloud.langfuse.com", "pk-lf-1", "sk-lf-2"), "https://cloud.langfuse.com/api/public/otel/v1/traces",
			map[string]string{"Authorization": "Basic cGstbGYtMTpzay1sZi0y", "X-Langfuse-Ingestion-Version": "4"},
		},
		"langfuse, pasted": {
			Langfuse(` "http://localhost:3000/api/public/otel/" `, " pk-lf-1\n", `"sk-lf-2"`),
			"http://localhost:3000/api/public/otel/v1/traces",
			map[string]string{"Authorization": "Basic cGstbGYtMTpzay1sZi0y", "X-Langfuse-Ingestion-Version": "4"},
		},
		"phoenix": {Phoenix("http://localhost:6006", ""), "http://localhost:6006/v1/traces", map[string]string{}},
		"phoenix cloud": {
			Phoenix("https://app.phoenix.arize.com/s/space", "KEY"), "https://app.phoenix.arize.com/s/space/v1/traces",
			map[string]string{"Authorization": "Bearer KEY"},
		},
		"braintrust": {
			Braintrust("KEY", "project_name:mine"), "https://api.braintrust.dev/otel/v1/traces",
			map[string]string{"Authorization": "Bearer KEY", "X-Bt-Parent": "project_name:mine"},
		},
		"honeycomb": {
			Honeycomb("KEY"), "https://api.honeycomb.io/v1/traces", map[string]string{"X-Honeycomb-Team": "KEY"},
		},
		"grafana-cloud": {
			GrafanaCloud("https://otlp-gateway-prod-eu-west-0.grafana.net/otlp", "123456", "glc_x"),
			"https://otlp-gateway-prod-eu-west-0.grafana.net/otlp/v1/traces",
			map[string]string{"Authorization": "Basic MTIzNDU2OmdsY194"},
		},
		"grafana-cloud without its path": {
			GrafanaCloud("https://otlp-gateway-prod-eu-west-0.grafana.net", "123456", "glc_x"),
			"https://otlp-gateway-prod-eu-west-0.grafana.net/otlp/v1/traces",
			map[string]string{"Authorization": "Basic MTIzNDU2OmdsY194"},
		},
		"mlflow": {
			MLflow("http://localhost:5000", "123"), "http://localhost:5000/v1/traces",
			map[string]string{"X-Mlflow-Experiment-Id": "123"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := resolved(t, WithOTLP(test.backend))
			assert.Equal(t, test.url, d.URL)
			assert.Equal(t, test.headers, headers(t, d))
			assert.Equal(t, export.HTTPProtobuf, d.Protocol)
			question, answer := sees(d)
			assert.False(t, question || answer, "no content unless it is asked for")
		})
	}
}

func TestTheCredentialsOfABackendAreOnesThatServersRead(t *testing.T) {
	request := &http.Request{Header: http.Header{"Authorization": {Langfuse("https://h", "pk", "sk").Headers["Authorization"]}}}
	user, password, ok := request.BasicAuth()
	require.True(t, ok)
	assert.Equal(t, []string{"pk", "sk"}, []string{user, password})
}

func TestWhatABackendLacksIsNamed(t *testing.T) {
	_, err := destinations(
		WithOTLP(Langfuse("https://h", "SECRET", "")), WithOTLP(Braintrust("", "p")), WithOTLP(Braintrust("SECRET", " ")),
		WithOTLP(Honeycomb("")), WithOTLP(GrafanaCloud("https://h", "", "SECRET")), WithOTLP(MLflow("http://h", `""`)),
		WithOTLP(Phoenix("", "")), WithOTLP(Langfuse("", "SECRET", "SECRET")),
	)
	for _, want := range []string{
		"langfuse: no secret key", "braintrust: no API key", "braintrust: no parent", "honeycomb: no API key",
		"grafana-cloud: no instance ID", "mlflow: no experiment ID", "phoenix: OTLP.Endpoint: not a URL",
		"langfuse: OTLP.Endpoint: not a URL",
	} {
		require.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestABackendCanBeGivenMore(t *testing.T) {
	backend := Honeycomb("KEY")
	backend.Name, backend.Endpoint, backend.Content = "eu", "https://api.eu1.honeycomb.io", ContentInclude
	d := resolved(t, WithOTLP(backend))
	assert.Equal(t, "eu", d.Name)
	assert.Equal(t, "https://api.eu1.honeycomb.io/v1/traces", d.URL)
	question, answer := sees(d)
	assert.True(t, question && answer)
}
