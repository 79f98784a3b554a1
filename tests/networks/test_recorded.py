"""The reader of recorded networks: what it hands out, and every kind of file it must refuse."""

import json
import shutil

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import recorded
from tests.recorders.make_digits import digits

SMALL = ["cntk_common", "cntk_listing", "jax_common", "keras2_common", "keras2_listing", "keras3_common", "pytorch_common",
         "pytorch_listing", "tf1_layers_common", "tf1_layers_listing"]
LARGE = ["tflearn_alexnet_relu_tf1", "tflearn_alexnet_relu_tf2", "tflearn_alexnet_tanh_tf1", "tflearn_alexnet_tanh_tf2"]
PARAMETERS = {"cntk_listing": 220_234, "keras2_listing": 34_826, "pytorch_listing": 50_186, "tf1_layers_listing": 35_338}


def test_the_course_brings_these_networks():
    assert recorded.available() == sorted(SMALL + LARGE)
    assert sum(path.stat().st_size for path in recorded.FOLDER.glob("*.h5")) < 12_000_000


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_every_file_is_whole(name):
    network = recorded.load(name)
    assert network.name == name
    assert network.parameters == PARAMETERS.get(name, 50_186 if name in SMALL else 153_069)
    assert [layer.name for layer in network.layers] == list(network.outputs)
    assert sum(layer.parameters for layer in network.layers) == network.parameters
    for layer in network.layers:
        output = network.outputs[layer.name]
        assert output.shape[1:] == layer.output_shape and 0 < len(output) <= len(network.inputs) and np.isfinite(output).all()
        assert sum(array.size for array in network.weights.get(layer.name, {}).values()) == layer.parameters
    assert set(network.weights) < set(network.outputs) and np.isfinite(network.inputs).all()
    assert network.versions["python"].startswith("3.") and network.framework_version
    assert set(network.layout) == {"images", "kernels", "dense"}
    assert not network.inputs.flags.writeable and not network.outputs["conv1"].flags.writeable
    text = repr(network)
    assert "\n" not in text and f"{network.parameters:,} parameters" in text and network.date in text
    if name in SMALL:
        assert network.epochs == 3 and len(network.seconds_per_epoch) == 3
        assert len(network.cpu_seconds_per_epoch) in (0, 3)  # 0: recorded before the processor's own time was taken
        assert 0.97 < network.test_accuracy < 0.995 and f"{network.test_accuracy:.4f}" in text
    else:
        assert network.epochs == 0 and network.test_accuracy is None and "not trained" in text


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_no_file_tells_about_the_machine(name):
    with h5py.File(recorded.FOLDER / f"{name}.h5") as file:
        text = file.attrs["metadata"]
    for word in ("/home", "/root", "/tmp", "/work", "/usr", "host", "user"):
        assert word not in text.lower()


def test_inputs_are_digits_of_the_uci_repository():
    images, labels = digits()
    np.testing.assert_array_equal(labels, np.arange(10))
    expected = images.astype(np.float32) / np.float32(255)
    for name in SMALL:
        np.testing.assert_array_equal(recorded.load(name).inputs.reshape(10, 28, 28), expected)


def test_path_and_name_give_the_same(tmp_path):
    copy = tmp_path / "mine.h5"
    shutil.copy(recorded.FOLDER / "pytorch_common.h5", copy)
    for path in (copy, str(copy)):
        assert repr(recorded.load(path)) == repr(recorded.load("pytorch_common"))


def test_unknown_names_are_answered_with_the_known_ones(tmp_path):
    for name in ("alexnet", tmp_path / "nothing.h5", tmp_path):
        with pytest.raises(FileNotFoundError, match="pytorch_common"):
            recorded.load(name)


# --- Files to refuse -------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "network.h5"
    shutil.copy(recorded.FOLDER / "pytorch_common.h5", path)
    return path


def refused(path, *words):
    with pytest.raises(recorded.RecordedFileError) as caught:
        recorded.load(path)
    message = str(caught.value)
    assert isinstance(caught.value, ValueError)
    for word in (path.name, "git", *words):
        assert word in message, message
    assert "\n" not in message


@pytest.mark.parametrize(("content", "words"), [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 375294\n", "git lfs pull"),
    (bytes(64) + b"\x89HDF\r\n\x1a\n", "cannot be read as an HDF5 file")])
def test_refuses_what_is_not_hdf5(tmp_path, content, words):
    path = tmp_path / "pytorch_common.h5"
    path.write_bytes(content)
    refused(path, words)


@settings(deadline=None, max_examples=25)
@given(share=st.floats(0.0001, 0.9999))
def test_refuses_a_file_cut_short(tmp_path_factory, share):
    content = (recorded.FOLDER / "pytorch_common.h5").read_bytes()
    path = tmp_path_factory.mktemp("cut") / "cut.h5"
    path.write_bytes(content[:int(share * len(content))])
    refused(path)


@settings(deadline=None, max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_one_changed_byte_is_refused_or_harmless(tmp_path_factory, place, change):
    """A byte that HDF5 never reads may change nothing; otherwise the file is refused. Wrong numbers never come out."""
    content = bytearray((recorded.FOLDER / "pytorch_common.h5").read_bytes())
    content[int(place * len(content))] ^= change
    path = tmp_path_factory.mktemp("changed") / "changed.h5"
    path.write_bytes(content)
    try:
        network = recorded.load(path)
    except recorded.RecordedFileError:
        return
    original = recorded.load("pytorch_common")
    assert repr(network) == repr(original)
    np.testing.assert_array_equal(network.weights["conv2"]["weight"], original.weights["conv2"]["weight"])
    np.testing.assert_array_equal(network.outputs["logits"], original.outputs["logits"])


def test_refuses_text_that_is_not_utf8(tmp_path):
    """A flipped bit in the metadata can make bytes that no text has: one clear error for that too."""
    content = bytearray((recorded.FOLDER / "pytorch_common.h5").read_bytes())
    place = content.index(b"pytorch")
    content[place] ^= 0x80
    path = tmp_path / "changed.h5"
    path.write_bytes(content)
    refused(path)


@pytest.mark.parametrize("dataset", ["weights/conv1/weight", "outputs/logits", "inputs", "measurements/momentum/kernels"])
def test_refuses_an_altered_number(copy, dataset):
    with h5py.File(copy, "r+") as file:
        values = file[dataset][()]
        values.flat[0] += 1
        file[dataset][...] = values
    refused(copy, "altered", "checksum")


@pytest.mark.parametrize("change", [
    lambda file: file.attrs.modify("metadata", file.attrs["metadata"].replace('"test_accuracy": 0.9', '"test_accuracy": 0.8')),
    lambda file: file.pop("outputs/pool1"),
    lambda file: file.create_dataset("outputs/extra", data=np.zeros((1, 3), np.float32)),
    lambda file: file.move("weights/conv1/weight", "weights/conv1/kernel")])
def test_refuses_other_facts_and_other_datasets(copy, change):
    with h5py.File(copy, "r+") as file:
        change(file)
    refused(copy, "altered")


def test_refuses_other_hdf5_files(tmp_path):
    path = tmp_path / "train_signs.h5"
    with h5py.File(path, "w") as file:
        file["train_set_x"] = np.zeros((2, 64, 64, 3), np.uint8)
    refused(path, "not a recorded network")


@pytest.mark.parametrize("attribute", ["metadata", "checksum"])
def test_refuses_missing_attributes(copy, attribute):
    with h5py.File(copy, "r+") as file:
        del file.attrs[attribute]
    refused(copy, attribute)


def sign(file, text):
    """Store metadata with the checksum that is right for them and the arrays."""
    arrays = {}
    file.visititems(lambda key, item: arrays.update({key: item[()]}) if isinstance(item, h5py.Dataset) else None)
    file.attrs["metadata"], file.attrs["checksum"] = text, recorded.checksum(text, arrays)


@pytest.mark.parametrize(("change", "words"), [
    (lambda metadata, file: file.pop("outputs/pool1"), "pool1"),
    (lambda metadata, file: metadata["layers"][0].pop("kind"), "kind"),
    (lambda metadata, file: file.pop("inputs"), "inputs"),
    (lambda metadata, file: file.create_dataset("stray", data=np.zeros(3)), "stray"),
    (lambda metadata, file: metadata.pop("versions"), "versions")])
def test_refuses_what_a_faulty_recorder_writes(copy, change, words):
    with h5py.File(copy, "r+") as file:
        metadata = json.loads(file.attrs["metadata"])
        sign(file, json.dumps(metadata, sort_keys=True))
    recorded.load(copy)  # signing alone changes nothing
    with h5py.File(copy, "r+") as file:
        change(metadata, file)
        sign(file, json.dumps(metadata, sort_keys=True))
    refused(copy, words)


def test_refuses_metadata_that_is_not_json(copy):
    with h5py.File(copy, "r+") as file:
        sign(file, "{")
    refused(copy, "not JSON")


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_kernel_and_bias_are_found_under_any_name(name):
    network = recorded.load(name)
    for layer, arrays in network.weights.items():
        kernel, bias = network.kernel_and_bias(layer)
        assert kernel.size + bias.size == sum(array.size for array in arrays.values())
        assert kernel.ndim > 1 and bias.ndim == 1
    with pytest.raises(KeyError, match="no weights of a layer 'pool1', only of conv1, conv2"):
        network.kernel_and_bias("pool1")
