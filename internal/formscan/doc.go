// Package formscan reads a multipart form (RFC 7578) in pieces, as it passes by.
//
// It is made for forms with large files in them, of which nobody wants more than the
// name and the size: the bytes of a file are searched for its end, which takes
// 0.1 ms for a megabyte, and are neither kept nor copied. The values of other fields
// are kept as far as the reader of the form asks for them.
//
// A form is read as package mime/multipart reads it, but for line ends: they are CR
// LF, as the standard has it. One that is malformed ends at the defect, which is no
// error: the parts before it are reported all the same.
package formscan
