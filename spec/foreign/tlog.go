// Checks a case and a release with Go's packages for its checksum database:
//
//	tlog CASE RELEASE VKEY
//
// golang.org/x/mod/sumdb/note opens the checkpoints, golang.org/x/mod/sumdb/tlog
// reads the tiles, and makes and checks all proofs.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func fail(format string, arguments ...interface{}) {
	fmt.Fprintf(os.Stderr, "sumdb: "+format+"\n", arguments...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

// underOrigin writes the owner's key under the name of the log.
func underOrigin(vkey, origin string) string {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		fail("%s is no key", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err, "key")
	hash := sha256.Sum256(append([]byte(origin+"\n"), key...))
	return origin + "+" + hex.EncodeToString(hash[:4]) + "+" + parts[2]
}

// open verifies a checkpoint and gives its tree.
func open(data []byte, vkey, place string) tlog.Tree {
	origin := strings.SplitN(string(data), "\n", 2)[0]
	verifier, err := note.NewVerifier(underOrigin(vkey, origin))
	must(err, place)
	opened, err := note.Open(data, note.VerifierList(verifier))
	must(err, place)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		fail("%s: not three lines", place)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, place)
	root, err := tlog.ParseHash(lines[2])
	must(err, place)
	return tlog.Tree{N: size, Hash: root}
}

// folder reads tiles as C2SP tlog-tiles names them: without the height.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		name := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// bundle reads the entries of one bundle.
func (f folder) bundle(index, width int64) [][]byte {
	tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}
	name := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", tileHeight), "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(name)))
	must(err, name)
	var out [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			fail("%s is cut off", name)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		out = append(out, data[2:end])
		data = data[end:]
	}
	if int64(len(out)) != width {
		fail("%s has %d entries, not %d", name, len(out), width)
	}
	return out
}

// checkLog proves and checks the inclusion of every entry.
func checkLog(f folder, tree tlog.Tree) tlog.HashReader {
	reader := tlog.TileHashReader(tree, f)
	const width = 1 << tileHeight
	for start := int64(0); start < tree.N; start += width {
		count := tree.N - start
		if count > width {
			count = width
		}
		for n, entry := range f.bundle(start/width, count) {
			index := start + int64(n)
			proof, err := tlog.ProveRecord(tree.N, index, reader)
			must(err, fmt.Sprintf("entry %d", index))
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
			must(err, fmt.Sprintf("entry %d", index))
		}
	}
	return reader
}

func checkConsistency(reader tlog.HashReader, old, new tlog.Tree) {
	proof, err := tlog.ProveTree(new.N, old.N, reader)
	must(err, "consistency")
	must(tlog.CheckTree(proof, new.N, new.Hash, old.N, old.Hash), "consistency")
}

func readZip(name string) map[string][]byte {
	file, err := zip.OpenReader(name)
	must(err, name)
	defer file.Close()
	members := map[string][]byte{}
	for _, member := range file.File {
		stream, err := member.Open()
		must(err, member.Name)
		members[member.Name], err = io.ReadAll(stream)
		must(err, member.Name)
		stream.Close()
	}
	return members
}

func hashes(lines []string, place string) tlog.RecordProof {
	var proof tlog.RecordProof
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err, place)
		proof = append(proof, hash)
	}
	return proof
}

type cell struct {
	Events int64
	Root   string
}

type release struct {
	Events []struct {
		Cell, Index int64
		Proof       []string
		Leaf        []byte
	}
}

// checkEntries checks the released entries, and gives them by number.
func checkEntries(members map[string][]byte, tree tlog.Tree) map[int64][]byte {
	entries := map[int64][]byte{}
	for name, data := range members {
		if !strings.HasPrefix(name, "entries/") || strings.HasSuffix(name, ".proof") {
			continue
		}
		index, err := strconv.ParseInt(strings.TrimPrefix(name, "entries/"), 10, 64)
		must(err, name)
		head := string(bytes.SplitN(members[name+".proof"], []byte("\n\n"), 2)[0])
		lines := strings.Split(head, "\n")
		if len(lines) < 2 || lines[1] != fmt.Sprintf("index %d", index) {
			fail("%s: its proof is of another entry", name)
		}
		err = tlog.CheckRecord(hashes(lines[2:], name), tree.N, tree.Hash, index, tlog.RecordHash(data))
		must(err, name)
		entries[index] = data
	}
	return entries
}

// checkEvents checks each released event in the tree of its cell.
func checkEvents(document []byte, entries map[int64][]byte) int {
	var read release
	must(json.Unmarshal(document, &read), "release.json")
	for n, event := range read.Events {
		place := fmt.Sprintf("event %d", n)
		var in cell
		must(json.Unmarshal(entries[event.Cell], &in), place)
		raw, err := hex.DecodeString(in.Root)
		must(err, place)
		var root tlog.Hash
		copy(root[:], raw)
		proof := hashes(event.Proof, place)
		must(tlog.CheckRecord(proof, in.Events, root, event.Index, tlog.RecordHash(event.Leaf)), place)
	}
	return len(read.Events)
}

func main() {
	if len(os.Args) != 4 {
		fail("usage: tlog CASE RELEASE VKEY")
	}
	data, err := os.ReadFile(filepath.Join(os.Args[1], "checkpoint"))
	must(err, "checkpoint")
	tree := open(data, os.Args[3], "checkpoint")
	members := readZip(os.Args[2])
	released := open(members["checkpoint"], os.Args[3], "checkpoint of the release")
	reader := checkLog(folder(os.Args[1]), tree)
	checkConsistency(reader, released, tree)
	entries := checkEntries(members, released)
	events := checkEvents(members["release.json"], entries)
	fmt.Printf("%d entries; release at size %d: %d entries, %d events\n", tree.N, released.N, len(entries), events)
}
