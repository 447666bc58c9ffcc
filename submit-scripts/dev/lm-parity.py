#!/usr/bin/env python3
"""Makes the parity fixtures of package lm with transformers and PEFT, and checks what lm saves.

    lm-parity.py make  [common/src/test/resources/lm [NAME...]]   writes tiny random models and what they say
    lm-parity.py check [common/target/lm-parity]                  loads what the tests of lm saved there

Needs, from PyPI: torch transformers peft tokenizers safetensors. Nothing else in this project does.
"""
import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, Gemma2Config, Gemma2ForCausalLM,
    Gemma3ForCausalLM, Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, GPT2Config, GPT2LMHeadModel, GraniteConfig,
    GraniteForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Olmo2Config,
    Olmo2ForCausalLM, Phi3Config, Phi3ForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM,
    Qwen3Config, Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM)

TEXTS = [
    "The parcel is late, isn't it?  Order #12345 was due on 3/4.",
    "Grüße aus Köln: naïve café, œuvre, Ærø.",
    "Где моя посылка? Верните деньги!",
    "荷物はどこですか。東京都千代田区 123",
    "مرحبا، أين طلبي؟ שלום עולם",
    "🙂👩‍👩‍👧 done\n\n\tdef f(x):\r\n    return x**2  \n",
    "नमस्ते दुनिया ไทย tiếng Việt e\u0301 ﬁ",
    " leading and trailing  ",
]
PROMPT = "Where is my parcel? 荷物"
LLAMA3_WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN_WORDS = LLAMA3_WORDS.replace(r"\p{N}{1,3}", r"\p{N}")
CHATML = ("{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}"
          "{%- else %}{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{%- endif %}"
          "{%- for message in messages %}{%- if message.role != 'system' %}"
          "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endif %}{%- endfor %}"
          "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}")
LLAMA3 = ("{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'"
          " + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
          "{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
          "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")


def byte_level(words, special, nfc=False):
    tokenizer = Tokenizer(models.BPE())
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    if words is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(words), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=340, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def sentence_piece():
    """Byte fallback and blanks as underlines, as Llama 2 and Mistral have them."""
    special = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.train_from_iterator(TEXTS[:2], trainers.BpeTrainer(vocab_size=340, special_tokens=special))
    tokenizer = Tokenizer.from_str(as_plain_bytes(tokenizer))
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def as_plain_bytes(tokenizer):
    """The bytes are ordinary entries of the vocabulary, not special tokens."""
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = state["added_tokens"][:3]
    return json.dumps(state)


def fast(tokenizer, template=None, **special):
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **special)
    wrapped.chat_template = template
    return wrapped


def families():
    size = dict(hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, initializer_range=0.3)
    llama2 = fast(sentence_piece(), bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    yield "llama2", llama2, LlamaForCausalLM(LlamaConfig(
        vocab_size=len(llama2), max_position_embeddings=256, num_key_value_heads=4, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=False, **size)), dict()
    llama3 = fast(byte_level(LLAMA3_WORDS, [
        "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]),
        LLAMA3, bos_token="<|begin_of_text|>", eos_token="<|eot_id|>")
    llama3.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B", special_tokens=[("<|begin_of_text|>", 0)])
    yield "llama3", llama3, LlamaForCausalLM(LlamaConfig(
        vocab_size=len(llama3), max_position_embeddings=512, num_key_value_heads=2, bos_token_id=0, eos_token_id=[1, 4],
        tie_word_embeddings=True, rms_norm_eps=1e-5, **rope(500000.0, dict(
            rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64)), **size)), dict(dtype=torch.bfloat16)
    chatml = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    qwen2 = fast(byte_level(QWEN_WORDS, chatml, nfc=True), CHATML, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    yield "qwen2", qwen2, Qwen2ForCausalLM(Qwen2Config(
        vocab_size=len(qwen2) + 4, max_position_embeddings=256, num_key_value_heads=2, bos_token_id=0,
        eos_token_id=[2, 0], tie_word_embeddings=True, **rope(1000000.0), **size)), dict()
    qwen3 = fast(byte_level(QWEN_WORDS, chatml, nfc=True), CHATML, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    yield "qwen3", qwen3, Qwen3ForCausalLM(Qwen3Config(
        vocab_size=len(qwen3), max_position_embeddings=256, num_key_value_heads=1, head_dim=8, bos_token_id=0,
        eos_token_id=2, tie_word_embeddings=False, **rope(1000000.0), **size)), dict(max_shard_size="30KB")
    mistral = fast(sentence_piece(), bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    yield "mistral", mistral, MistralForCausalLM(MistralConfig(
        vocab_size=len(mistral), max_position_embeddings=256, num_key_value_heads=2, head_dim=4, sliding_window=128,
        bos_token_id=1, eos_token_id=2, tie_word_embeddings=False, **size)), dict(dtype=torch.float16)
    gpt2 = fast(byte_level(None, ["<|endoftext|>"]), bos_token="<|endoftext|>", eos_token="<|endoftext|>")
    yield "gpt2", gpt2, GPT2LMHeadModel(GPT2Config(
        vocab_size=len(gpt2), n_positions=256, n_embd=16, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0,
        initializer_range=0.3)), dict()


def more_families():
    """Without a tokenizer: what they say is told in token ids."""
    size = dict(vocab_size=340, hidden_size=16, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
                num_key_value_heads=2, max_position_embeddings=256, pad_token_id=0, bos_token_id=0, eos_token_id=2)
    gemma = dict(size, head_dim=8)
    windows = dict(gemma, sliding_window=96, query_pre_attn_scalar=20, attn_implementation="eager")
    yield "gemma", GemmaForCausalLM(GemmaConfig(**gemma))
    # Caps so low that they change what the model says.
    yield "gemma2", Gemma2ForCausalLM(Gemma2Config(
        attn_logit_softcapping=3.0, final_logit_softcapping=4.0, **windows))
    yield "gemma3", Gemma3ForCausalLM(Gemma3TextConfig(
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1000000.0),
            sliding_attention=dict(rope_type="default", rope_theta=10000.0)), **windows))
    yield "phi3", Phi3ForCausalLM(Phi3Config(
        tie_word_embeddings=False, original_max_position_embeddings=64, **rope(10000.0, dict(
            rope_type="longrope", partial_rotary_factor=1.0, short_factor=[1.1, 1.7], long_factor=[3.0, 9.0])), **size))
    yield "phi4", Phi3ForCausalLM(Phi3Config(
        tie_word_embeddings=True, **rope(10000.0, dict(rope_type="default", partial_rotary_factor=0.5)), **size))
    yield "olmo2", Olmo2ForCausalLM(Olmo2Config(tie_word_embeddings=False, **rope(500000.0), **size))
    yield "smollm3", SmolLM3ForCausalLM(SmolLM3Config(no_rope_layers=[1, 0, 1], **rope(2000000.0), **size))
    yield "granite", GraniteForCausalLM(GraniteConfig(
        tie_word_embeddings=True, embedding_multiplier=3.0, logits_scaling=2.0, residual_multiplier=0.4,
        attention_multiplier=0.3, **rope(10000.0), **size))
    llama = dict(size, tie_word_embeddings=True)
    yield "llama-yarn", LlamaForCausalLM(LlamaConfig(**llama, **rope(10000.0, dict(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=64))))
    yield "llama-linear", LlamaForCausalLM(LlamaConfig(**llama, **rope(10000.0, dict(rope_type="linear", factor=4.0))))
    yield "llama-dynamic", LlamaForCausalLM(LlamaConfig(**llama, **rope(10000.0, dict(rope_type="dynamic", factor=4.0))))


def rope(theta, scaling=None):
    return dict(rope_parameters=dict(rope_theta=theta, **(scaling or dict(rope_type="default"))))


def shake(model):
    """Norms of 1 and biases of 0 would hide that they are read."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.2)


def every():
    tokenizer = None
    for name, family_tokenizer, model, how in families():
        tokenizer = family_tokenizer if name == "qwen2" else tokenizer
        yield name, family_tokenizer, True, model, how
    for name, model in more_families():
        yield name, tokenizer, False, model, dict()


def make(target, *only):
    for seed, (name, tokenizer, keep, model, how) in enumerate(every()):
        if only and name not in only:
            continue
        shutil.rmtree(target / name, ignore_errors=True)
        torch.manual_seed(seed)
        for parameter in model.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.3)
        shake(model)
        folder = target / name
        model.to(how.pop("dtype", torch.float32)).save_pretrained(folder, **how)
        if keep:
            tokenizer.save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        said = expected(tokenizer, model)
        (folder / "expected.json").write_text(json.dumps(said["json"], ensure_ascii=False))
        tensors = {"logits": said["logits"]}
        if name in ("llama3", "gpt2", "gemma2", "phi4"):
            tensors["adapter_logits"] = adapter(folder, said["ids"])
        if name == "qwen2":
            tensors["scores"] = scores(folder, said["ids"])
        save_file(tensors, folder / "expected.safetensors")
    files = [f for f in target.rglob("*") if f.is_file()]
    print(f"{len(files)} files, {sum(f.stat().st_size for f in files):,} bytes")


def expected(tokenizer, model):
    ids = tokenizer(TEXTS[0])["input_ids"][:24]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].contiguous()
        greedy = model.generate(torch.tensor([ids[:6]]), attention_mask=torch.ones(1, 6, dtype=torch.long),
                                do_sample=False, max_new_tokens=32, min_new_tokens=32,
                                eos_token_id=model.config.vocab_size + 7, pad_token_id=0)[0][6:].tolist()
    chat = None
    if tokenizer.chat_template:
        chat = tokenizer.apply_chat_template([{"role": "user", "content": PROMPT}], add_generation_prompt=True,
                                             tokenize=True, return_dict=False)
    return dict(ids=ids, logits=logits, json=dict(
        texts=TEXTS, text_ids=[tokenizer(t)["input_ids"] for t in TEXTS], prompt=PROMPT, chat_ids=chat,
        ids=ids, greedy=greedy))


def saved(model, folder):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = ".."
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))


def adapter(folder, ids):
    torch.manual_seed(11)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(r=2, lora_alpha=6, target_modules="all-linear", init_lora_weights=False,
                                            fan_in_fan_out=folder.name == "gpt2", task_type="CAUSAL_LM"))
    saved(model.eval(), folder / "adapter")
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].contiguous()


def scores(folder, ids):
    torch.manual_seed(12)
    base = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, num_labels=1)
    base.config.pad_token_id = 0
    model = get_peft_model(base, LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"],
                                            init_lora_weights=False, task_type="SEQ_CLS"))
    saved(model.eval(), folder / "reward-adapter")
    with torch.no_grad():
        return torch.stack([model(torch.tensor([ids[:n]])).logits[0, 0] for n in (5, 11, 24)])


def check(source):
    """Each folder holds input.json, output.safetensors, and a whole model or an adapter over ../base-NAME."""
    for folder in sorted(f for f in source.iterdir() if (f / "input.json").exists()):
        ids = torch.tensor([json.loads((folder / "input.json").read_text())])
        wanted = load_file(folder / "output.safetensors")["logits"]
        if (folder / "adapter_config.json").exists():
            named = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
            base = AutoModelForCausalLM.from_pretrained(source / named, dtype=torch.float32)
            model = PeftModel.from_pretrained(base, folder)
        else:
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
            if (folder / "tokenizer.json").exists():
                AutoTokenizer.from_pretrained(folder)
        with torch.no_grad():
            difference = (model.eval()(ids).logits[0] - wanted).abs().max().item()
        print(f"{folder.name}: greatest difference of logits {difference:.2e}")
        if difference > 1e-4:
            sys.exit(f"{folder.name} differs")


if __name__ == "__main__":
    home = Path(__file__).resolve().parents[2] / "common"
    places = dict(make=home / "src/test/resources/lm", check=home / "target/lm-parity")
    if len(sys.argv) < 2 or sys.argv[1] not in places:
        sys.exit(__doc__)
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else places[sys.argv[1]]
    {"make": make, "check": check}[sys.argv[1]](place, *sys.argv[3:])
