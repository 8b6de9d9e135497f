package outfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/outfile"
)

// contents returns the files below dir by their path.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFileAppearsOnCommit(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out")
	write := func(text string, overwrite, commit bool) error {
		f, err := outfile.Create(name, overwrite)
		if err != nil {
			return err
		}
		defer f.Abort()
		if _, err := f.WriteString(text); err != nil {
			return err
		}
		if commit {
			return f.Commit()
		}
		return nil
	}
	for _, step := range []struct {
		why               string
		text              string
		overwrite, commit bool
		err               error
		want              map[string]string
	}{
		{"given up", "one", false, false, nil, map[string]string{}},
		{"written", "two", false, true, nil, map[string]string{"out": "two"}},
		{"refused", "three", false, true, outfile.ErrExists, map[string]string{"out": "two"}},
		{"given up over another", "four", true, false, nil, map[string]string{"out": "two"}},
		{"replaced", "five", true, true, nil, map[string]string{"out": "five"}},
	} {
		if err := write(step.text, step.overwrite, step.commit); !errors.Is(err, step.err) {
			t.Errorf("%s: %v, want %v", step.why, err, step.err)
		}
		if diff := cmp.Diff(step.want, contents(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.why, diff)
		}
	}
	if _, err := outfile.Create(filepath.Join(dir, "no", "out"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Create in a missing folder = %v, want fs.ErrNotExist", err)
	}
}

func TestDirAppearsOnCommit(t *testing.T) {
	dir := t.TempDir()
	write := func(file string, overwrite, commit bool) error {
		d, err := outfile.CreateDir(filepath.Join(dir, "out"), overwrite)
		if err != nil {
			return err
		}
		defer d.Abort()
		if err := os.WriteFile(filepath.Join(d.Path, file), []byte(file), 0o666); err != nil {
			return err
		}
		if commit {
			return d.Commit()
		}
		return nil
	}
	for _, step := range []struct {
		why               string
		file              string
		overwrite, commit bool
		err               error
		want              map[string]string
	}{
		{"given up", "a", false, false, nil, map[string]string{}},
		{"written", "b", false, true, nil, map[string]string{"out/b": "b"}},
		{"refused", "c", false, true, outfile.ErrExists, map[string]string{"out/b": "b"}},
		{"replaced whole", "d", true, true, nil, map[string]string{"out/d": "d"}},
	} {
		if err := write(step.file, step.overwrite, step.commit); !errors.Is(err, step.err) {
			t.Errorf("%s: %v, want %v", step.why, err, step.err)
		}
		if diff := cmp.Diff(step.want, contents(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.why, diff)
		}
	}
}
