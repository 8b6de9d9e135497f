// Package input reads documents. It takes names of files and folders, and patterns,
// and returns the texts with ids, sites and times. For any input that could not be
// read it returns an error with the place and a remedy.
//
//	for d, err := range input.Read([]string{"crawl/", "**/*.jsonl.gz"}, input.Options{}) {
//		if err != nil {
//			log.Print(err) // reading goes on
//		}
//		if d != nil {
//			use(d.ID, d.Text)
//		}
//	}
//
// Packages warc and table, in folders below, read web archives and Parquet files.
//
// # Formats
//
// [Formats] is the table of formats: their names, extensions and first bytes, and
// the functions that read and write them. The format of a file follows from its
// content, then from its name, unless [Options] name one. All except Parquet may be
// compressed with gzip (one or many members), Zstandard, bzip2 or XZ, recognized by
// their first bytes, and may be in UTF-16 with a byte order mark.
//
//   - JSON Lines: each line is an object; its field "text" is required; "id",
//     "host", "url" and "time" are optional ([Fields] names others; dots in a name
//     select fields of nested objects). Texts are strings; other fields may also be
//     numbers. If there is no host, the host of the url is used. Blank lines are
//     skipped. If a field occurs twice, the last one counts.
//   - CSV (RFC 4180) and TSV: the first row names the columns; each further row is a
//     document. In TSV a field with unbalanced quotes is taken literally.
//   - Parquet: each row is a document; its columns are named like the fields above,
//     with dots for groups. Texts are of type BYTE_ARRAY; other columns may also be
//     whole numbers, times or UUIDs, and are formatted for people.
//   - Web archives (ISO 28500): documents are the response records of status 200 to
//     299 and the resource and conversion records that hold HTML or plain text; other
//     records, such as images and redirects, are not documents. The id is the target
//     URI, the host comes from it, the time is WARC-Date. If a page occurs more than
//     once, the ids of its later captures end in a space and their time.
//   - HTML: each file is a page. Its text is the text that a reader sees, divided
//     into [Doc.Blocks]. Offsets refer to that text, here and in web archives.
//   - Any other file is a text in UTF-8. The id of a file that is one document is
//     its path as given; for a file in a folder, it is the folder as given joined
//     with the path below it (an invalid byte in a path is written like \xff in the
//     id). Its host is the first folder below the given one. A pipe is read only if
//     it is named explicitly.
//
// PDF, Office, EPUB and ZIP files cause an error that shows how to extract their
// text; URLs cause one that shows how to pipe them. Styles, scripts, images, fonts,
// audio and video in folders are left out, and a note counts them.
//
// A page or a text of a web archive that is valid UTF-8 is read as such; otherwise
// its byte order mark, the HTTP header and its first kilobyte decide its encoding.
//
// # Limits
//
// A text file or a page of Parquet may have up to 256 MiB unpacked; a line of JSON
// Lines or a row of CSV 64 MiB; a page of HTML 32 MiB (the rest is left out) and
// 200,000 blocks; a wanted record of a web archive 64 MiB in the archive and 32 MiB
// unpacked. A packed page in a web archive may unpack to at most 64 KiB plus 100
// times its packed size. [Options.Ahead] lowers these limits. A compressed file or a
// Parquet file may expand to 1 GiB (a web archive to 256 MiB) and, beyond that, to
// 1,000 times its size; the packed pages of a web archive to 128 MiB and 100 times
// the size of the file. A document that exceeds a limit is an error; the rest of the
// input is read. Nothing is allocated from a size that a file declares.
package input
