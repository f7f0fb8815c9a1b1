package semconv

import "go.opentelemetry.io/otel/attribute"

// Keys of the core HTTP and URL conventions, all of them stable.
const (
	// HTTPRequestMethodKey is the request method, for example POST. A string.
	HTTPRequestMethodKey = attribute.Key("http.request.method")

	// HTTPResponseStatusCodeKey is the status code of the response. An int.
	HTTPResponseStatusCodeKey = attribute.Key("http.response.status_code")

	// HTTPResponseHeaderRetryAfterKey is the response header Retry-After as sent. A
	// list of strings, as every key of the form http.response.header.<name>.
	HTTPResponseHeaderRetryAfterKey = attribute.Key("http.response.header.retry-after")

	// HTTPResponseHeaderRetryAfterMsKey is the response header Retry-After-Ms, which
	// OpenAI sends beside Retry-After. A list of strings.
	HTTPResponseHeaderRetryAfterMsKey = attribute.Key("http.response.header.retry-after-ms")

	// HTTPResponseHeaderRequestIDKey is the response header X-Request-Id: OpenAI and
	// others ask for it when something went wrong. A list of strings.
	HTTPResponseHeaderRequestIDKey = attribute.Key("http.response.header.x-request-id")

	// HTTPRequestResendCountKey is how often the request was sent again. An int; left
	// out when it is 0.
	HTTPRequestResendCountKey = attribute.Key("http.request.resend_count")

	// URLFullKey is the URL of the request. A string. Credentials and query have to
	// be removed before it is recorded.
	URLFullKey = attribute.Key("url.full")

	// URLPathKey is the path of the URL, without query and fragment. A string.
	URLPathKey = attribute.Key("url.path")
)

// SessionIDKey is the id of the user's session. A string. It is a key of the core
// conventions, too, but still in development. Langtrace and OpenInference group by
// it.
const SessionIDKey = attribute.Key("session.id")
