// SPDX-License-Identifier: Apache-2.0
// The endoscope's light, tone curve and sensor noise; included by every fragment shader.
// Positions in m in world; colours linear until `sensed`.
// DEFERRED: colours stay linear, for the lens pass.  FLOW: a third attachment.  LENS: that pass.

uniform vec3 eye;         // position of this eye
uniform vec3 lamp;        // the light guide, beside the lenses
uniform vec3 lamp_axis;   // unit, along the view
uniform vec4 optics;      // principal point in px, 1 / half diagonal in px, vignette strength
uniform vec4 exposure;    // light power x m^2, tone gain, read noise, shot noise (grey levels)
uniform uvec2 noise_key;  // from seed, stamp and eye

const float kLampSize2 = 0.0016;  // m^2: a light guide is no point, near things do not burn out

layout(location = 0) out vec3 colour;
layout(location = 1) out vec2 truth;  // metric depth (m), mask id
#ifdef FLOW
layout(location = 2) out vec2 flow;   // px to the neighbour's picture; 1e9 unknown
#ifndef LENS
uniform vec4 window;      // the viewport: origin and half size in px
in vec4 clip_neighbour;
#endif
#endif

// Three independent 32-bit hashes: Jarzynski and Olano, JCGT 9(3), 2020, "pcg3d".
uvec3 hashed(uvec3 v) {
    v = v * 1664525u + 1013904223u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    return v;
}

// Near-normal, unit variance: the sum of a hash's four bytes (mean 510, sd 147.8).
vec3 normal_noise() {
    uvec3 h = hashed(uvec3(uvec2(gl_FragCoord.xy) + noise_key, noise_key.x ^ noise_key.y));
    h = (h & 0x00ff00ffu) + ((h >> 8u) & 0x00ff00ffu);
    h = (h & 0xffffu) + (h >> 16u);
    return (vec3(ivec3(h)) - 510.0) * (1.0 / 147.8);
}

// What the lamp sends to a point p in the direction l (unit), d2 the squared distance.
float lamp_light(vec3 l, float d2) {
    float cosine = dot(l, -lamp_axis);
    float spot = cosine * cosine;
    return exposure.x / (d2 + kLampSize2) * spot * spot;
}

// Blinn's highlight at cosine s: broad (^16) to narrow (^128) by `sharpness`.
float highlight(float s, float sharpness) {
    s *= s; s *= s; s *= s; s *= s;
    float narrow = s * s; narrow *= narrow;
    return mix(s, narrow * narrow, sharpness);
}

// What the light does to a surface of normal n at p: `diffuse` reflectance, `shine` highlight.
vec3 lit(vec3 p, vec3 n, vec3 diffuse, float shine, float sharpness) {
    vec3 l = lamp - p;
    float d2 = dot(l, l);
    l *= inversesqrt(d2);
    vec3 v = normalize(eye - p);
    float s = max(dot(n, normalize(l + v)), 0.0);
    return lamp_light(l, d2) * (diffuse * max(dot(n, l), 0.0) + shine * highlight(s, sharpness));
}

#ifdef SHADOW
uniform sampler2DShadow shadow_map;
uniform mat4 shadow_from_world;
uniform float shadow;
// Share of the lamp that reaches p: four filtered comparisons, a penumbra of about 2 texels.
float reached(vec3 p) {
    vec4 s = shadow_from_world * vec4(p, 1.0);
    vec3 c = s.xyz / s.w * 0.5 + 0.5;
    c.z -= 2e-5;
    const float d = 1.0 / 512.0;
    float seen = texture(shadow_map, c + vec3(-d, -d, 0.0)) + texture(shadow_map, c + vec3(d, -d, 0.0))
               + texture(shadow_map, c + vec3(-d, d, 0.0)) + texture(shadow_map, c + vec3(d, d, 0.0));
    return 1.0 - shadow * (1.0 - 0.25 * seen);
}
#endif

// Sensor: vignette, shoulder, gamma 2, noise.
vec3 sensed(vec3 linear) {
    vec2 r = (gl_FragCoord.xy - optics.xy) * optics.z;
    linear *= 1.0 - optics.w * dot(r, r);
    vec3 c = sqrt(1.0 - exp2(-exposure.y * linear));
    return c + (vec3(exposure.z) + exposure.w * c) * normal_noise();
}

// Writes all attachments of a surface.
void developed(vec3 linear, float id) {
#ifdef DEFERRED
    colour = linear;
#else
    colour = sensed(linear);
#endif
    truth = vec2(1.0 / gl_FragCoord.w, id);  // w in clip space is the metric depth
#if defined(FLOW) && !defined(LENS)
    flow = vec2(1e9);
    if (clip_neighbour.w > 1e-6)
        flow = (clip_neighbour.xy / clip_neighbour.w + 1.0) * window.zw + window.xy - gl_FragCoord.xy;
#endif
}
