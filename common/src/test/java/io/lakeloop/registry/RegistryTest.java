package io.lakeloop.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryTest {
  private static final Name POLICY = Name.parse("policy");
  private static final Alias CHAMPION = Alias.parse("champion");

  @TempDir Path root;
  private Registry registry;

  @BeforeEach
  void open() {
    registry = new Registry(new LocalArtifactStore(root));
  }

  private ModelVersion publish(String runId, String content) throws IOException {
    Path draft = registry.draft(POLICY, Name.parse(runId));
    Files.writeString(draft.resolve("weights.bin"), content);
    return registry.publish(
        draft,
        new Manifest(
            "policy", 0, "test", runId, List.of("sft/1"), "s", "c", "v", 7, "t", new TreeMap<>()));
  }

  @Test
  void versionsCountUpAndResolve() throws IOException {
    publish("run-a", "a");
    publish("run-b", "b");

    assertThat(registry.versions(POLICY)).containsExactly(1, 2);
    assertThat(registry.resolve(ModelRef.parse("policy/latest")).version()).isEqualTo(2);
    ModelVersion first = registry.resolve(ModelRef.parse("policy/1"));
    assertThat(Files.readString(first.folder().resolve("weights.bin"))).isEqualTo("a");
    assertThat(first.manifest().parents()).containsExactly("sft/1");
  }

  @Test
  void aRunPublishesOnce() throws IOException {
    ModelVersion first = publish("run-a", "a");
    assertThat(publish("run-a", "a").version()).isEqualTo(first.version());
    assertThat(registry.versions(POLICY)).containsExactly(1);
  }

  @Test
  void aDraftIsNotResolvable() throws IOException {
    Files.writeString(registry.draft(POLICY, Name.parse("run-a")).resolve("weights.bin"), "half");
    assertThatThrownBy(() -> registry.resolve(ModelRef.parse("policy/latest")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Cannot find policy/latest");
  }

  @Test
  void aChangedFileIsRefusedByName() throws IOException {
    ModelVersion version = publish("run-a", "a");
    Files.writeString(version.folder().resolve("weights.bin"), "tampered");
    assertThatThrownBy(() -> registry.resolve(ModelRef.parse("policy/1")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("weights.bin");
  }

  @Test
  void aliasesKeepTheirHistory() throws IOException {
    ModelVersion first = publish("run-a", "a");
    ModelVersion second = publish("run-b", "b");
    registry.move(CHAMPION, first, "me", Name.parse("promote-1"), "better", "t1");
    registry.move(CHAMPION, second, "me", Name.parse("promote-2"), "better still", "t2");
    registry.move(CHAMPION, second, "me", Name.parse("promote-2"), "better still", "t2");

    assertThat(registry.resolve(ModelRef.parse("policy/champion")).version()).isEqualTo(2);
    assertThat(registry.history(POLICY, CHAMPION))
        .extracting(Registry.AliasEvent::from, Registry.AliasEvent::to)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(0, 1), org.assertj.core.groups.Tuple.tuple(1, 2));
  }

  @Test
  void ofManyWritersOfOneRecordOneWins() throws Exception {
    LocalArtifactStore store = new LocalArtifactStore(root);
    ExecutorService writers = Executors.newFixedThreadPool(4);
    try {
      Callable<Boolean> write =
          () -> store.replaceRecord("aliases/x.json", Optional.empty(), "value");
      int won = 0;
      for (Future<Boolean> result : writers.invokeAll(List.of(write, write, write, write))) {
        won += result.get() ? 1 : 0;
      }
      assertThat(won).isEqualTo(1);
    } finally {
      writers.shutdown();
    }
  }

  @Test
  void draftsBesideOneAnotherComeAndGo() throws Exception {
    LocalArtifactStore store = new LocalArtifactStore(root);
    ExecutorService runs = Executors.newFixedThreadPool(2);
    try {
      List<Callable<Void>> removals =
          List.of("states", "told").stream()
              .map(of -> (Callable<Void>) () -> publishAndRemove(store, "checkpoints/" + of))
              .toList();
      for (Future<Void> result : runs.invokeAll(removals)) {
        result.get();
      }
    } finally {
      runs.shutdown();
    }
    assertThat(root.resolve(".drafts")).isEmptyDirectory();
  }

  private static Void publishAndRemove(LocalArtifactStore store, String name) throws IOException {
    for (int i = 0; i < 2000; i++) {
      store.publish(store.draft("run/" + name), name);
      store.remove(name);
      store.discard("run/" + name);
    }
    return null;
  }

  @Test
  void namesCannotLeadOutOfTheRegistry() {
    assertThatThrownBy(() -> new LocalArtifactStore(root).fetch("../../etc/passwd"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ModelRef.parse("../policy/1"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
