package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

//go:embed drivers/*.py drivers/*.txt drivers/gaoya drivers/gaoya/src
var drivers embed.FS

// An installed holds the commands that start each peer.
type installed struct {
	self, python, gaoya, dedup string
	drivers                    string // folder of the Python programs
	versions                   []version
	missing                    []string // for each missing peer, the reason
}

// A version is the version of a peer or a tool.
type version struct{ Name, Version string }

// install installs the peers in c.work, unless they are there.
func install(c config) (*installed, error) {
	in := &installed{drivers: filepath.Join(c.work, "drivers")}
	var err error
	if in.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if err := copyDrivers(c.work); err != nil {
		return nil, err
	}
	in.version("Go", runtime.Version())
	in.version("neardup", describe())
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, d := range bi.Deps {
			for _, p := range []string{"ekzhu/minhash-lsh", "dgryski/go-minhash", "mfonda/simhash"} {
				if strings.HasSuffix(d.Path, p) {
					in.version(p, d.Version)
				}
			}
		}
	}
	in.dedup = filepath.Join(c.work, "dedup")
	if out, err := command("../../examples/dedup", []string{"GOWORK=off"}, "go", "build", "-o", in.dedup, "."); err != nil {
		return nil, fmt.Errorf("building dedup: %w\n%s", err, out)
	}
	for _, step := range []struct {
		peer string
		do   func(config) error
	}{{"the peers in Python", in.installPython}, {"gaoya", in.installGaoya}} {
		progress("installing %s", step.peer)
		if err := step.do(c); err != nil {
			in.missing = append(in.missing, fmt.Sprintf("%s: %v", step.peer, err))
			progress("%s is missing: %v", step.peer, err)
		}
	}
	return in, nil
}

func (in *installed) version(name, v string) {
	in.versions = append(in.versions, version{name, strings.TrimSpace(v)})
}

func copyDrivers(work string) error {
	return fs.WalkDir(drivers, "drivers", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := drivers.ReadFile(p)
		if err != nil {
			return err
		}
		to := filepath.Join(work, p)
		if old, err := os.ReadFile(to); err == nil && string(old) == string(data) {
			return nil // cargo rebuilds changed files
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o666)
	})
}

// pythonPeers are the packages whose versions are on the page.
var pythonPeers = []string{"datasketch", "rensa", "FastSketchLSH", "text-dedup", "trafilatura", "jusText", "numpy", "xxhash"}

func (in *installed) installPython(c config) error {
	venv := filepath.Join(c.work, "venv")
	python := filepath.Join(venv, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		if out, err := command("", nil, "python3", "-m", "venv", venv); err != nil {
			return fmt.Errorf("python3 -m venv: %w: %s", err, last(out))
		}
	}
	for _, args := range [][]string{{"-r", "requirements.txt"}, {"--no-deps", "-r", "requirements-nodeps.txt"}} {
		args = append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, args...)
		if out, err := command(in.drivers, nil, python, args...); err != nil {
			return fmt.Errorf("pip install: %w: %s", err, last(out))
		}
	}
	out, err := command("", nil, python, "-c", "import sys; from importlib.metadata import version\nprint('Python', sys.version.split()[0])\nfor p in "+
		fmt.Sprintf("%q", strings.Join(pythonPeers, " "))+".split(): print(p, version(p))")
	if err != nil {
		return fmt.Errorf("versions: %w: %s", err, last(out))
	}
	for line := range strings.Lines(out) {
		name, v, _ := strings.Cut(line, " ")
		in.version(name, v)
	}
	in.python = python
	return nil
}

func (in *installed) installGaoya(config) error {
	dir := filepath.Join(in.drivers, "gaoya")
	if out, err := command(dir, nil, "cargo", "build", "--release", "--locked", "--quiet"); err != nil {
		return fmt.Errorf("cargo build: %w: %s", err, last(out))
	}
	in.gaoya = filepath.Join(dir, "target", "release", "gaoya-near")
	out, err := command(dir, nil, "rustc", "--version")
	if err != nil {
		return err
	}
	in.version("Rust", strings.TrimPrefix(out, "rustc "))
	lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(lock), "name = \"gaoya\"\nversion = \"")
	v, _, _ := strings.Cut(rest, `"`)
	in.version("gaoya", v)
	return nil
}

// command runs a command and returns everything that it prints.
func command(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func last(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

// describe names the commit that is measured.
func describe() string {
	out, err := command("", nil, "git", "describe", "--always", "--tags")
	if err != nil {
		return "unknown"
	}
	return out
}
