package io.lakeloop.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Folders of one run that are numbered by its steps, each published whole: what a run that was
 * stopped goes on from.
 */
public final class Checkpoints {
  private static final String DIGESTS = "digests.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ArtifactStore store;
  private final String prefix;
  private final String drafts;

  /**
   * @param run whose folders these are
   * @param kind what they hold
   */
  Checkpoints(ArtifactStore store, Name run, Name kind) {
    this.store = store;
    this.prefix = "checkpoints/" + run + "/" + kind;
    this.drafts = run + "/checkpoints/" + kind;
  }

  /** A folder, verified. */
  public record Checkpoint(int step, Path folder) {}

  /** Writes the files into the folder. */
  @FunctionalInterface
  public interface Writer {
    void write(Path folder) throws IOException;
  }

  /** Publishes the folder of a step; a whole one that was published before stays as it is. */
  public void commit(int step, Writer writer) throws IOException {
    Path draft = store.draft(drafts + "/" + step);
    writer.write(draft);
    JSON.writeValue(draft.resolve(DIGESTS).toFile(), digests(draft));
    if (!store.publish(draft, name(step)) && at(step).isEmpty()) {
      // What was damaged would be passed over by every attempt to come.
      store.remove(name(step));
      store.publish(draft, name(step));
    }
  }

  private String name(int step) {
    return prefix + "/" + step;
  }

  private static SortedMap<String, String> digests(Path folder) throws IOException {
    SortedMap<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (!name.equals(DIGESTS)) {
          boolean plain = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
          digests.put(name, plain ? Digest.of(file) : "no plain file");
        }
      }
    }
    return digests;
  }

  /** The latest folder that is whole; one whose files were damaged is passed over. */
  public Optional<Checkpoint> latest() throws IOException {
    List<Integer> steps = steps();
    for (int i = steps.size() - 1; i >= 0; i--) {
      Optional<Checkpoint> found = at(steps.get(i));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** The folder of the step, if it is there and whole. */
  public Optional<Checkpoint> at(int step) throws IOException {
    try {
      Path folder = store.fetch(name(step));
      Path file = folder.resolve(DIGESTS);
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
              && digests(folder)
                  .equals(JSON.readValue(file.toFile(), new TypeReference<TreeMap<?, ?>>() {}))
          ? Optional.of(new Checkpoint(step, folder))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    } catch (UserError e) {
      if (e.code() != ErrorCode.ARTIFACT_CORRUPT) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /** Steps that there are folders of, ascending. */
  public List<Integer> steps() throws IOException {
    return store.list(prefix).stream()
        .filter(name -> name.matches("[0-9]{1,9}"))
        .map(Integer::valueOf)
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  /** Lets go of the folders, in the order given. */
  public void remove(Collection<Integer> steps) throws IOException {
    for (int step : steps) {
      store.remove(name(step));
    }
  }
}
