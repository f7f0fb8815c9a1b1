package genotel

import (
	"encoding/base64"
	"strings"
)

// The functions of this file know where a backend takes OTLP and which headers it wants,
// as the page that each of them names said in November 2026. Their results can be
// changed like any OTLP: they say nothing of content, for instance.

// Langfuse is a Langfuse project. The host is https://cloud.langfuse.com for the EU,
// https://us.cloud.langfuse.com for the US, or that of a server of one's own, from
// version 3.22 on. It takes HTTP only.
//
// Source: https://langfuse.com/integrations/native/opentelemetry.
func Langfuse(host, publicKey, secretKey string) OTLP {
	return OTLP{
		Name:     "langfuse",
		Endpoint: withPath(host, "/api/public/otel"),
		Headers: map[string]string{
			"Authorization":                basicAuth(publicKey, secretKey),
			"x-langfuse-ingestion-version": "4",
		},
		missing: firstEmpty("public key", publicKey, "secret key", secretKey),
	}
}

// Phoenix is an Arize Phoenix server. The host is http://localhost:6006 for one on this
// machine, and what its settings show for one in Phoenix Cloud. The API key may be empty
// where the server asks for none. It gets spans in Phoenix's own form, [FormOpenInference].
//
// Sources: https://arize-ai.github.io/openinference/spec/,
// https://arize.com/docs/phoenix/resources/frequently-asked-questions/what-is-my-phoenix-endpoint,
// https://arize-ai.github.io/phoenix/types/_arizeai_phoenix-otel.register.RegisterParams.html.
func Phoenix(host, apiKey string) OTLP {
	d := OTLP{Name: "phoenix", Endpoint: host, Form: FormOpenInference}
	if apiKey = trimmed(apiKey); apiKey != "" {
		d.Headers = map[string]string{"Authorization": "Bearer " + apiKey}
	}
	return d
}

// Braintrust is a Braintrust project. The parent names it, as project_id:... or
// project_name:.... For the EU set Endpoint of the result to
// https://api-eu.braintrust.dev/otel.
//
// Source: https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry.
func Braintrust(apiKey, parent string) OTLP {
	return OTLP{
		Name:     "braintrust",
		Endpoint: "https://api.braintrust.dev/otel",
		Headers: map[string]string{
			"Authorization": "Bearer " + trimmed(apiKey),
			"x-bt-parent":   trimmed(parent),
		},
		missing: firstEmpty("API key", apiKey, "parent", parent),
	}
}

// Honeycomb is a Honeycomb environment, the one that the key belongs to. For the EU set
// Endpoint of the result to https://api.eu1.honeycomb.io.
//
// Source: https://docs.honeycomb.io/send-data/opentelemetry/.
func Honeycomb(apiKey string) OTLP {
	return OTLP{
		Name:     "honeycomb",
		Endpoint: "https://api.honeycomb.io",
		Headers:  map[string]string{"x-honeycomb-team": trimmed(apiKey)},
		missing:  firstEmpty("API key", apiKey),
	}
}

// GrafanaCloud is a stack of Grafana Cloud. Its page on OpenTelemetry shows the endpoint,
// https://otlp-gateway-<zone>.grafana.net/otlp, the number of the instance, and makes the
// token.
//
// Source: https://grafana.com/docs/grafana-cloud/send-data/otlp/send-data-otlp/.
func GrafanaCloud(endpoint, instanceID, token string) OTLP {
	return OTLP{
		Name:     "grafana-cloud",
		Endpoint: withPath(endpoint, "/otlp"),
		Headers:  map[string]string{"Authorization": basicAuth(instanceID, token)},
		missing:  firstEmpty("instance ID", instanceID, "token", token),
	}
}

// MLflow is an experiment on an MLflow server, from version 3.6 on, such as
// http://localhost:5000. It takes HTTP only.
//
// Source: https://mlflow.org/docs/latest/genai/tracing/opentelemetry/ingest.
func MLflow(host, experimentID string) OTLP {
	return OTLP{
		Name:     "mlflow",
		Endpoint: host,
		Headers:  map[string]string{"x-mlflow-experiment-id": trimmed(experimentID)},
		missing:  firstEmpty("experiment ID", experimentID),
	}
}

// withPath adds path to base unless it is there already.
func withPath(base, path string) string {
	return strings.TrimSuffix(strings.TrimRight(trimmed(base), "/"), path) + path
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(trimmed(user)+":"+trimmed(password)))
}

// firstEmpty takes names and values in turn and returns the name of the first value that
// is empty.
func firstEmpty(namesAndValues ...string) string {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if trimmed(namesAndValues[i+1]) == "" {
			return namesAndValues[i]
		}
	}
	return ""
}
