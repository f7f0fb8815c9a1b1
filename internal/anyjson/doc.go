// Package anyjson writes values of an application's own types as text that can be shown:
// JSON where encoding/json can write them, and never with a panic or without a bound.
package anyjson
