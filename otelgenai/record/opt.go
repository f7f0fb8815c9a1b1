package record

// Opt is a value that may be absent. The zero Opt is absent, so that a parameter
// that was not sent never looks like one that was sent as zero.
type Opt[T any] struct {
	value T
	set   bool
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{value: v, set: true} }

// Get returns the value and whether it is present.
func (o Opt[T]) Get() (T, bool) { return o.value, o.set }

// Or returns the value, or fallback when it is absent.
func (o Opt[T]) Or(fallback T) T {
	if o.set {
		return o.value
	}
	return fallback
}

// IsSet reports whether the value is present.
func (o Opt[T]) IsSet() bool { return o.set }
