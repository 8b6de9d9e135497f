package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestSpillContinuesAfterFullDisk runs on a disk that fills up repeatedly, a little later
// each time, until there is room for the whole run.
func TestSpillContinuesAfterFullDisk(t *testing.T) {
	t.Chdir(t.TempDir())
	files := spillCorpora(t, 400)
	if err := os.Mkdir("disk", 0o700); err != nil {
		t.Fatal(err)
	}
	size := func(kib int) string { return fmt.Sprintf("size=%dk,mode=700", kib) }
	if err := syscall.Mount("tmpfs", "disk", "tmpfs", 0, size(4)); err != nil {
		t.Logf("a small disk cannot be mounted here (%v): see TestFull of package spill", err)
		return
	}
	defer func() {
		if err := syscall.Unmount("disk", 0); err != nil {
			t.Error(err)
		}
	}()
	for _, command := range [][]string{spillCommands[0], spillCommands[1], spillCommands[8]} {
		args := append(slices.Clone(command), "-strip=false", files["copies"])
		want, _, wantStatus := dedup(t, "", args...)
		full := 0
		for kib := 4; ; kib += 64 {
			if err := syscall.Mount("tmpfs", "disk", "tmpfs", syscall.MS_REMOUNT, size(kib)); err != nil {
				t.Fatal(err)
			}
			got, message, status := dedup(t, "", append(args, "-spill", "disk/run")...)
			if status == wantStatus {
				if got != want {
					t.Errorf("%v: the lines differ after %d runs on a full disk\n%s", command, full, message)
				}
				break
			}
			if full++; status != 2 || got != "" || !strings.Contains(message, "free space on the disk of disk/run and start the same command again") {
				t.Fatalf("%v with %d KiB: status %d, %d bytes of output, %s, want 2, none and advice to free space", command, kib, status, len(got), message)
			}
			if kib > 1<<16 {
				t.Fatal("the run still does not finish on a disk of 64 MiB")
			}
		}
		if full < 3 {
			t.Errorf("%v: the disk was full %d times, want at least 3", command, full)
		}
		if _, err := os.Stat("disk/run"); err == nil {
			t.Error("the folder of the run remains, want it removed")
		}
		if err := syscall.Mount("tmpfs", "disk", "tmpfs", syscall.MS_REMOUNT, size(4)); err != nil {
			t.Fatal(err)
		}
	}
}
