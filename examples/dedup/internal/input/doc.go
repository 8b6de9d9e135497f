// Package input reads documents: in go names of files, folders and patterns, out
// come the texts in them with their ids, sites and times, and for everything that
// could not be read an error that says where it is and what to do.
//
//	for d, err := range input.Read([]string{"crawl/", "*.jsonl.gz"}, input.Options{}) {
//		if err != nil {
//			log.Print(err) // reading goes on
//		}
//		if d != nil {
//			use(d.ID, d.Text)
//		}
//	}
//
// Package warc, below, knows web archives and package table Parquet.
//
// # Formats
//
// A file's name tells its format, unless [Options] name one. All but Parquet may be
// compressed with gzip, in one member or many, or Zstandard; their first bytes
// tell.
//
//   - .jsonl, .ndjson: JSON Lines. Each line is an object; its fields "id" and
//     "text" must be there, "host", "url" and "time" may be ([Fields] names others).
//     Texts are strings; anything else may be a number as well. Without a host, that
//     of the url counts. Blank lines are passed over. If a field comes twice, the last
//     one counts.
//   - .parquet: a row is a document; its columns are named like the fields above,
//     with dots for groups. Texts are of type BYTE_ARRAY; anything else may be a
//     whole number, a time or a UUID as well, and is written as people do.
//   - .warc, .wet: web archives (ISO 28500). Documents are the response records of
//     status 200 to 299 and the resource and conversion records that hold HTML or
//     plain text; what else there is, images and redirects say, is passed over
//     without a word. The id is the target URI, the host comes from it, the time is
//     WARC-Date. Of a page that is there more than once, the later ones have their
//     time behind the id, with a space.
//   - .html, .htm, .xhtml: a page. Its text is what a reader sees, cut into
//     [Doc.Blocks], and that is what offsets refer to, here and in web archives.
//   - any other: a text in UTF-8. The id of a file that is one document is its path
//     as given, or below a folder the folder as given joined with the path below it
//     (what is not UTF-8 in a path is written like \xff in the id); its host is the
//     first folder below the one that was given. A pipe is read if it is named
//     itself.
//
// A page or a text of a web archive that is valid UTF-8 is taken for that; else its
// byte order mark, the HTTP header and its first kilobyte tell its encoding.
//
// # Limits
//
// A text file and a page of Parquet may have 256 MiB, as they are when they are
// unpacked; a line of JSON Lines 64 MiB; a page of HTML 32 MiB (the rest is left
// out) and 200,000 blocks; a record of a web archive that is wanted 64 MiB
// in the archive and 32 MiB unpacked. A compressed file or a Parquet file may expand
// to 1 GiB and, beyond that, to 1,000 times its size. What exceeds a limit is an
// error; the rest of the input is read. Nothing is allocated because a file says
// how large something will be.
package input
