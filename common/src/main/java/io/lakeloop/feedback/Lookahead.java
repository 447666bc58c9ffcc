package io.lakeloop.feedback;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Reads one entry ahead: files do not say beforehand whether there is another. */
abstract class Lookahead<E> implements Iterator<E> {
  private E next;

  /** The next entry, null where there is none. */
  abstract E read();

  @Override
  public final boolean hasNext() {
    if (next == null) {
      next = read();
    }
    return next != null;
  }

  @Override
  public final E next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    E entry = next;
    next = null;
    return entry;
  }

  /** The entries as a stream, which reads them as they are asked for. */
  public final Stream<E> stream() {
    Iterable<E> all = () -> this;
    return StreamSupport.stream(all.spliterator(), false);
  }
}
