package lsh

// components returns the connected components of the matches, in the same form as
// clusters.
func (e *engine) components() ([][]uint32, error) {
	e.total = e.opts.Banding.Bands + 1
	if err := e.prepare(); err != nil {
		return nil, err
	}
	for row := range e.link {
		if e.state[row] == open {
			e.link[row] = uint32(row)
		}
	}
	per := e.bandsPerScan()
	for b := 0; b < e.opts.Banding.Bands; b += per {
		n := min(per, e.opts.Banding.Bands-b)
		if err := e.grouper.scan(e.ctx, b, n); err != nil {
			return nil, err
		}
		for i := range n {
			if err := e.grouper.group(e.ctx, i, e.isOpen); err != nil {
				return nil, err
			}
			if err := e.band(b+i, connecting); err != nil {
				return nil, err
			}
			// Unions wait for the end of the band, so that the outcome does not depend on which
			// worker came first.
			for _, x := range e.edges {
				e.union(x.a, x.b)
			}
			e.edges = e.edges[:0]
			e.step()
		}
	}
	for row, s := range e.state {
		if s == open {
			if root := e.find(uint32(row)); root != uint32(row) {
				e.link[row] = root
			}
		}
	}
	for row, s := range e.state {
		if s == open {
			e.state[row] = joined
			if e.link[row] == uint32(row) {
				e.state[row] = chosen
			}
		}
	}
	return e.collect(), nil
}

// connecting records the matches between documents that are not connected yet,
// either by earlier bands or within the bucket.
var connecting = visit{
	wanted: func(w *worker, j int) bool {
		root := w.root(w.rows[j])
		for _, row := range w.rows[:j] {
			if w.root(row) != root {
				return true
			}
		}
		return false
	},
	compare: func(w *worker, band, j int) {
		w.local = w.local[:min(j, len(w.local))]
		for len(w.local) <= j {
			w.local = append(w.local, len(w.local))
		}
		for i := range j {
			x, y := w.localRoot(i), w.localRoot(j)
			if x == y {
				continue
			}
			joined := w.root(w.rows[i]) == w.root(w.rows[j])
			if !joined && !w.compared(band, i, j) {
				if _, ok := w.match(i, j); ok {
					w.edges = append(w.edges, edge{a: w.rows[i], b: w.rows[j]})
					joined = true
				}
			}
			if joined {
				w.local[max(x, y)] = min(x, y)
			}
		}
	},
}

// localRoot returns the root of the i-th row within the bucket.
func (w *worker) localRoot(i int) int {
	for w.local[i] != i {
		w.local[i] = w.local[w.local[i]]
		i = w.local[i]
	}
	return i
}

// root returns the root of a row without changing anything, so that workers may call
// it at the same time.
func (e *engine) root(row uint32) uint32 {
	for e.link[row] != row {
		row = e.link[row]
	}
	return row
}

// find returns the root of a row and shortens the path to it.
func (e *engine) find(row uint32) uint32 {
	for e.link[row] != row {
		e.link[row] = e.link[e.link[row]]
		row = e.link[row]
	}
	return row
}

// union joins two components under the root that comes first.
func (e *engine) union(a, b uint32) {
	a, b = e.find(a), e.find(b)
	if a == b {
		return
	}
	if e.before(b, a) {
		a, b = b, a
	}
	e.link[b] = a
}

// compareMembers returns the similarity of every row of every component to the first
// of its component: most of them were not compared with it.
func (e *engine) compareMembers(components [][]uint32) ([][]float64, error) {
	out := make([][]float64, len(components))
	const batch = 64
	err := e.each((len(components)+batch-1)/batch, func(w *worker, i int) error {
		first, other := make([]uint32, w.src.K()), make([]uint32, w.src.K())
		for c := i * batch; c < min((i+1)*batch, len(components)); c++ {
			rows := components[c]
			sims := make([]float64, len(rows))
			sims[0] = 1
			ra, err := w.one(first, rows[0])
			if err != nil {
				return err
			}
			set := w.set(rows[0])
			for j, row := range rows[1:] {
				rb, err := w.one(other, row)
				if err != nil {
					return err
				}
				sims[j+1] = w.similarity(set, w.set(row), ra, rb)
			}
			out[c] = sims
		}
		return nil
	})
	return out, err
}
