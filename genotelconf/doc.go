// Package genotelconf sets OpenTelemetry up by the file that OTEL_CONFIG_FILE names, the
// declarative configuration of OpenTelemetry, and adds the destinations of genotel.
//
//	sdk, err := genotelconf.Configure(ctx)
//	if err != nil {
//		return err
//	}
//	defer sdk.Shutdown(context.WithoutCancel(ctx))
//
//	client := openai.NewClient(otelopenai.WithTracing())
//
// The file decides about sampler, resource, limits, processors and exporters, and about
// metrics, logs and propagation. The options and the variables of [genotel.Configure]
// decide where genotel sends spans besides. Message content goes to the destinations that
// show it, and not to the file's exporters. Where no file is named, Configure is
// genotel.Configure.
//
// It is a module of its own because the reader of the file,
// go.opentelemetry.io/contrib/otelconf, brings every exporter that a file can name.
package genotelconf
